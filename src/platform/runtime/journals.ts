/** Where a run of an action keeps its audit log and its journal. */
import { Clock, Effect, FileSystem } from "effect"
import { StoreError } from "../../core/errors.ts"
import { makeFolder } from "../../core/store/atomic-file.ts"
import { systemWords } from "../../core/store/regular-file.ts"
import { journals as limits } from "../limits.ts"

/** Akonis' own files in the data path: no argument may name one. */
export const own_folder = ".akonis"

/**
 * The folder in the data path; where that cannot be written, one that goes with the container: an action of a playbook must not
 * fail for want of a volume, and the platform has its log.
 */
export const ownFolder = Effect.fnUntraced(function* (data_path: string) {
  const folder = `${data_path}/${own_folder}`
  return yield* makeFolder(folder).pipe(
    Effect.as(folder),
    Effect.catch(({ message }) =>
      Effect.gen(function* () {
        yield* Effect.logWarning(`${message}; the audit log and the journal of this run go with the container`)
        return yield* temporaryFolder
      }),
    ),
  )
})

/** An empty folder of the container, gone with the scope. */
export const temporaryFolder = FileSystem.FileSystem.use((fs) =>
  fs.makeTempDirectoryScoped({ prefix: "akonis-" }),
).pipe(
  Effect.mapError(
    (error) =>
      new StoreError({
        reason: "unwritable",
        path: "",
        message: `there is no temporary folder: ${systemWords(error)}`,
      }),
  ),
)

/**
 * Makes the folder of a run's journal, and takes away those that nobody will ask for any more. Each run that changes something has a
 * journal of its own, so that no run waits for another.
 */
export const journalFolder = Effect.fnUntraced(function* (data_dir: string, run: string) {
  const folder = `${data_dir}/journals`
  yield* makeFolder(folder)
  yield* Effect.ignore(removeOld(folder))
  yield* makeFolder(`${folder}/${run}`)
  return `${folder}/${run}`
})

const removeOld = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const now_ms = yield* Clock.currentTimeMillis
  const names = yield* fs.readDirectory(folder)
  const removeIfOld = Effect.fnUntraced(function* (path: string) {
    const { mtime } = yield* fs.stat(path)
    const age_ms = mtime._tag === "Some" ? now_ms - mtime.value.getTime() : 0
    if (age_ms > limits.age_ms_max) yield* fs.remove(path, { recursive: true })
  })
  // Another run may have taken one away meanwhile.
  for (const name of names.slice(0, limits.looked_at_max)) yield* Effect.ignore(removeIfOld(`${folder}/${name}`))
})
