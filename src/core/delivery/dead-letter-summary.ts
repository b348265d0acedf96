/** How many dead letters wait in a data folder, and the newest of them: for a page that is looked at every second. */
import { Effect, FileSystem } from "effect"
import type { StoreError } from "../errors.ts"
import { status as limits } from "../limits/operator.ts"
import { versionOf } from "../store/regular-file.ts"
import { dayFiles, readDeadLetters, replayed_file } from "./dead-letter-files.ts"
import { type DeadLetter, deadLetterFolder } from "./dead-letters.ts"

export interface DeadLetterSummary {
  /** Recorded and not replayed. */
  readonly pending: number
  readonly replayed: number
  /** Of the pending ones; empty where the folder is too large to be read as a whole. */
  readonly by_reason: Readonly<Record<string, number>>
  /** Of the pending ones, the newest first; empty where the folder is too large. */
  readonly newest: readonly DeadLetter[]
}

const nothing: DeadLetterSummary = { pending: 0, replayed: 0, by_reason: {}, newest: [] }

/** Makes the look at one tenant's folder. Files that have not changed since the last look are not read again. */
export const makeDeadLetterSummary = (data_dir: string) => {
  const folder = deadLetterFolder(data_dir)
  const counts = new Map<string, { bytes: number; lines: number }>()
  let known = nothing
  let known_version: string | undefined

  return Effect.gen(function* (): Effect.fn.Return<DeadLetterSummary, StoreError, FileSystem.FileSystem> {
    const fs = yield* FileSystem.FileSystem
    const names = [...(yield* dayFiles(folder)), replayed_file]
    let version = ""
    let bytes = 0
    for (const name of names) {
      const info = yield* Effect.orElseSucceed(fs.stat(`${folder}/${name}`), () => undefined)
      if (info === undefined) continue
      version += `${name} ${versionOf(info)}\n`
      bytes += Number(info.size)
    }
    if (version === known_version) return known
    known = bytes <= limits.letters_bytes_max ? summaryOf(yield* readDeadLetters(data_dir)) : yield* countOnly(names)
    known_version = version
    return known
  })

  /** Counts lines, those of every file from where the last look came to. */
  function countOnly(names: readonly string[]) {
    return Effect.gen(function* () {
      let lines = 0
      let replayed = 0
      for (const name of names) {
        const count = yield* countLines(`${folder}/${name}`, counts.get(name) ?? { bytes: 0, lines: 0 })
        counts.set(name, count)
        if (name === replayed_file) replayed = count.lines
        else lines += count.lines
      }
      return { ...nothing, pending: Math.max(0, lines - replayed), replayed }
    })
  }
}

const summaryOf = ({
  letters,
  replayed,
}: {
  readonly letters: readonly DeadLetter[]
  readonly replayed: ReadonlySet<string>
}): DeadLetterSummary => {
  const pending = letters.filter(({ id }) => !replayed.has(id))
  const by_reason: Record<string, number> = {}
  for (const { reason } of pending) by_reason[reason] = (by_reason[reason] ?? 0) + 1
  const newest = pending.slice(-limits.letters_max).reverse()
  return { pending: pending.length, replayed: letters.length - pending.length, by_reason, newest }
}

const part_bytes = 1024 * 1024

const countLines = (path: string, from: { readonly bytes: number; readonly lines: number }) =>
  Effect.scoped(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const file = yield* fs.open(path, { flag: "r" })
      const { size } = yield* file.stat
      // A file that shrank was written anew.
      let { bytes, lines } = Number(size) < from.bytes ? { bytes: 0, lines: 0 } : from
      yield* file.seek(BigInt(bytes), "start")
      const part = new Uint8Array(part_bytes)
      for (;;) {
        const got = Number(yield* file.read(part))
        if (got === 0) return { bytes, lines }
        bytes += got
        for (let i = part.indexOf(0x0a); i >= 0 && i < got; i = part.indexOf(0x0a, i + 1)) lines++
      }
    }),
  ).pipe(Effect.orElseSucceed(() => from))
