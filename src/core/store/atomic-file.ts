/** Writes files so that a crash leaves the old content or the new one, never a part of it. */
import { Effect, FileSystem, type PlatformError as Platform } from "effect"

import { StoreError } from "../errors.ts"
import { readRegular, systemWords, whyUnread } from "./regular-file.ts"

/** Replaces a file: writes beside it, fsync, rename, fsync of the folder. Only the owner may read it. */
export const writeAtomic = (
  folder: string,
  name: string,
  text: string,
): Effect.Effect<void, StoreError, FileSystem.FileSystem> => rewriteAtomic(folder, name, (write) => write(text))

/** Replaces a file by text that is produced piece by piece. The file may be read meanwhile: it stays as it was until all is written. */
export const rewriteAtomic = <R>(
  folder: string,
  name: string,
  produce: (write: (text: string) => Effect.Effect<void, StoreError>) => Effect.Effect<void, StoreError, R>,
): Effect.Effect<void, StoreError, R | FileSystem.FileSystem> => {
  const path = `${folder}/${name}`
  const draft = `${path}.new`
  const checked = unwritable(path)
  return Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    yield* Effect.scoped(
      Effect.gen(function* () {
        const file = yield* checked(fs.open(draft, { flag: "w", mode: 0o600 }))
        yield* produce((text) => checked(file.writeAll(new TextEncoder().encode(text))))
        yield* checked(file.sync)
      }),
    )
    yield* checked(Effect.andThen(fs.rename(draft, path), syncFolder(folder)))
  })
}

/**
 * Appends to a file; on the disk when this succeeds. A line that an earlier crash or error cut short is ended first, behind a blank:
 * JSON bears it, and a form without one at its end tells a beginning from a whole line by it. `safe_names`, given by callers that
 * append often, holds the names whose folder entry is on the disk already.
 */
export const appendDurably = (
  folder: string,
  name: string,
  text: string,
  safe_names = new Set<string>(),
): Effect.Effect<void, StoreError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const path = `${folder}/${name}`
    const is_new = yield* Effect.scoped(
      Effect.gen(function* () {
        const file = yield* openToAppend(path)
        const { size } = yield* file.stat
        const last = new Uint8Array(1)
        if (size > 0n) {
          yield* file.seek(size - 1n, "start")
          yield* file.read(last)
        }
        const opening = size > 0n && last[0] !== 0x0a ? " \n" : ""
        yield* file.writeAll(new TextEncoder().encode(opening + text))
        yield* file.sync
        return size === 0n
      }),
    )
    // Also when the file existed: the process that made it may have died before the folder was synced.
    if (is_new || !safe_names.has(name)) yield* syncFolder(folder)
    safe_names.add(name)
  }).pipe(unwritable(`${folder}/${name}`))

const openToAppend = (path: string) => FileSystem.FileSystem.use((fs) => fs.open(path, { flag: "a+", mode: 0o600 }))

/** Makes a folder, and its parents, for the owner alone. */
export const makeFolder = (folder: string): Effect.Effect<void, StoreError, FileSystem.FileSystem> =>
  FileSystem.FileSystem.use((fs) => fs.makeDirectory(folder, { recursive: true, mode: 0o700 })).pipe(unwritable(folder))

/** Makes a folder, and opens a file in it as an append would: it fails where that would, and the file is there afterwards. */
export const makeAppendable = (
  folder: string,
  name: string,
): Effect.Effect<void, StoreError, FileSystem.FileSystem> => {
  const path = `${folder}/${name}`
  return Effect.andThen(makeFolder(folder), Effect.scoped(unwritable(path)(Effect.asVoid(openToAppend(path)))))
}

/** The text of a file; `undefined` when there is none. Fails on anything that is no regular file, and beyond `bytes_max`. */
export const readIfPresent = (
  path: string,
  bytes_max = Number.MAX_SAFE_INTEGER,
): Effect.Effect<string | undefined, StoreError, FileSystem.FileSystem> =>
  readRegular(path, bytes_max).pipe(
    Effect.map(({ text }) => text),
    Effect.catch((error) =>
      typeof error !== "string" && error.reason._tag === "NotFound"
        ? Effect.undefined
        : Effect.fail(unreadable(path, error)),
    ),
  )

/** The error of a file or folder that is there and cannot be read. */
export const unreadable = (path: string, error: Parameters<typeof whyUnread>[0]): StoreError =>
  new StoreError({ reason: "unreadable", path, message: `${path} cannot be read: ${whyUnread(error)}` })

const syncFolder = (folder: string) =>
  FileSystem.FileSystem.use((fs) => Effect.scoped(Effect.flatMap(fs.open(folder, { flag: "r" }), (file) => file.sync)))

const unwritable =
  (path: string) =>
  <A, R>(effect: Effect.Effect<A, Platform.PlatformError, R>): Effect.Effect<A, StoreError, R> =>
    Effect.mapError(
      effect,
      (error) =>
        new StoreError({ reason: "unwritable", path, message: `${path} cannot be written: ${systemWords(error)}` }),
    )
