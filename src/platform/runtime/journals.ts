/** The journals of runs: each run of an action that changes something has its own, so that no run waits for another. */
import { Clock, Effect, FileSystem } from "effect"
import { makeFolder } from "../../core/store/atomic-file.ts"
import { journals as limits } from "../limits.ts"

/** Makes the folder of a run's journal, and takes away those that nobody will ask for any more. */
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
  for (const name of names.slice(0, limits.looked_at_max)) {
    const { mtime } = yield* fs.stat(`${folder}/${name}`)
    const age_ms = mtime._tag === "Some" ? now_ms - mtime.value.getTime() : 0
    if (age_ms > limits.age_ms_max) yield* fs.remove(`${folder}/${name}`, { recursive: true })
  }
})
