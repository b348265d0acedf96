/** Work on files that only one process at a time may do, where several share them. */
import { Effect, type FileSystem, type PlatformError, type Scope } from "effect"
import { StoreError } from "../errors.ts"
import { turns } from "./limits.ts"
import { systemWords } from "./regular-file.ts"

type Work = Effect.Effect<void, PlatformError.PlatformError>
type Held = Effect.Effect<boolean, PlatformError.PlatformError, Scope.Scope>

const key = Symbol("akonis/core/alone")

/** How a file system locks among the processes that share it. */
export interface Locks {
  /** Does short work as a whole or not at all, and not where another process is at work of this name. */
  readonly alone?: (name: string, work: Work) => Work
  /** Gives whether this process has what the path names for itself, from now on until the scope closes or the process ends. */
  readonly hold: (path: string) => Held
}

/** A file system that several processes share: it knows who of them is at something. */
export interface SharedFileSystem extends FileSystem.FileSystem {
  readonly [key]: Locks
}

/** Makes a file system one that several processes share. */
export const withLocks = (fs: FileSystem.FileSystem, locks: Locks): SharedFileSystem => ({ ...fs, [key]: locks })

const locksOf = (fs: FileSystem.FileSystem): Locks | undefined =>
  key in fs ? (fs as SharedFileSystem)[key] : undefined

/** Does the work unless another process is at it, which then does it for both. Without a cluster there is none. */
export const alone = (fs: FileSystem.FileSystem, name: string, work: Work): Work =>
  locksOf(fs)?.alone?.(name, work) ?? work

/**
 * Takes what a path names for this process alone, until the scope closes: `false`, at once, where it is taken already, by this process or
 * another one that shares these files. A process that ends gives it back, however it ends. Nothing is read or written at the path itself.
 */
export const hold = (fs: FileSystem.FileSystem, path: string): Effect.Effect<boolean, StoreError, Scope.Scope> =>
  Effect.mapError(
    locksOf(fs)?.hold(path) ?? Effect.succeed(true),
    (error) =>
      new StoreError({ reason: "unwritable", path, message: `${path} cannot be locked: ${systemWords(error)}` }),
  )

/** Does short work while this process holds what a path names; waits for it, and fails with `locked` after `turns.wait_ms_max`. */
export const inTurn = <A, R>(
  fs: FileSystem.FileSystem,
  path: string,
  work: Effect.Effect<A, StoreError, R>,
): Effect.Effect<A, StoreError, Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    for (let waited_ms = 0; !(yield* hold(fs, path)); waited_ms += turns.pause_ms) {
      const message = `another process has ${path} for itself, for ${turns.wait_ms_max / 1_000} s now`
      if (waited_ms >= turns.wait_ms_max) return yield* new StoreError({ reason: "locked", path, message })
      yield* Effect.sleep(turns.pause_ms)
    }
    return yield* work
  }).pipe(Effect.scoped)
