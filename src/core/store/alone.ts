/** Work on files that only one process at a time may do, where several share them. */
import type { Effect, FileSystem, PlatformError } from "effect"

type Work = Effect.Effect<void, PlatformError.PlatformError>

const key = Symbol("akonis/core/alone")

/** A file system that several processes share: it knows who of them is at something. */
export interface SharedFileSystem extends FileSystem.FileSystem {
  readonly [key]: (name: string, work: Work) => Work
}

/** Makes a file system one that several processes share. `alone` does the work as a whole or not at all, and not where another process is at work of this name. */
export const withAlone = (fs: FileSystem.FileSystem, alone: SharedFileSystem[typeof key]): SharedFileSystem => ({
  ...fs,
  [key]: alone,
})

/** Does the work unless another process is at it, which then does it for both. Without a cluster there is none. */
export const alone = (fs: FileSystem.FileSystem, name: string, work: Work): Work =>
  key in fs ? (fs as SharedFileSystem)[key](name, work) : work
