/**
 * Watches the data folder of a running process, which somebody may delete or replace. The lock is gone with the folder, so a
 * folder in its place has to be locked again, and a second process may have been faster.
 */
import { Effect, type FileSystem, type Scope } from "effect"
import type { StoreError } from "../errors.ts"
import type { HealthCell } from "../telemetry/health.ts"
import { makeFolder } from "./atomic-file.ts"
import { folder_watch } from "./limits.ts"
import { type FolderLock, type FolderPart, lockFolder } from "./lock.ts"

export interface WatchedFolder {
  readonly folder: string
  /** The folders of the tenants in it, which are made again with it. */
  readonly inner: () => readonly string[]
  /** The lock that is held now, and of which parts. */
  readonly lock: FolderLock
  readonly parts?: readonly FolderPart[] | undefined
  /** Tells health when the folder is gone, and when it is back. */
  readonly tell: HealthCell["set"]
}

/**
 * Never ends while this process has the folder. While the folder is gone, health is `failed`; it is not made again, since the
 * disk may only be unmounted. A folder in its place is locked and used; offsets are written whole with the next commit. Fails with `locked` when another process has it: then there is nothing to do but stop.
 */
export const watchFolder = Effect.fnUntraced(function* ({
  folder,
  inner,
  lock,
  parts,
  tell,
}: WatchedFolder): Effect.fn.Return<never, StoreError, FileSystem.FileSystem | Scope.Scope> {
  let held = lock
  let is_gone = false
  while (true) {
    yield* Effect.sleep(folder_watch.every_ms)
    const state = held.state()
    if (state === "gone" && !is_gone) {
      is_gone = true
      const detail = `${folder} is gone while it was in use: nothing is committed until it is back; mount or restore it, or make it anew`
      yield* Effect.logError(detail)
      yield* tell("failed", detail)
    }
    if (state === "held" && is_gone) {
      is_gone = false
      yield* Effect.logInfo(`${folder} is back as it was`)
      yield* tell("ok", "")
    }
    if (state !== "replaced") continue
    yield* Effect.logError(`${folder} was replaced while it was in use: locking what stands there now`)
    held = yield* lockFolder(folder, parts)
    yield* Effect.forEach(inner(), makeFolder, { discard: true })
    is_gone = false
    yield* Effect.logWarning(`${folder} is locked again; offsets are written into it with the next commit`)
    yield* tell("ok", "")
  }
})
