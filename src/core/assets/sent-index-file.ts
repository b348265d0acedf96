/**
 * The file behind `SentIndex`: `<name>.known`, a line `<hash of the content> <id>` for every asset that Sekoia has accepted,
 * appended batch by batch; the last line about an id counts. A line that cannot be read, such as one that a crash cut short (it has
 * no line end, or a blank before it), costs no more than sending its asset again.
 */
import { Clock, Effect, FileSystem, type PlatformError as Platform } from "effect"
import { StoreError } from "../errors.ts"
import { appendDurably, rewriteAtomic } from "../store/atomic-file.ts"
import { Tenant } from "../tenant/identity.ts"
import { id_chars_max, assets as limits } from "./limits.ts"
import { type Hash, SentIndex } from "./sent-index.ts"

/** An accepted asset. */
export interface Accepted {
  readonly id: string
  readonly content: Hash
}

export interface SentIndexFile {
  readonly table: SentIndex
  /** Adds accepted assets to index and file; on the disk when this succeeds. */
  readonly add: (accepted: readonly Accepted[]) => Effect.Effect<void, StoreError>
  /**
   * After a complete listing: writes tombstones of the assets that are gone to `<name>.removed.ndjson`, removes them from index
   * and file, and compacts the file when it has more old lines than current ones. Returns how many are gone.
   */
  readonly forgetAbsent: (absences_max: number) => Effect.Effect<number, StoreError>
  /** Empties index and file. */
  readonly clear: Effect.Effect<void, StoreError>
}

export const openSentIndexFile = Effect.fnUntraced(function* (name: string) {
  const { data_dir } = yield* Tenant
  const fs = yield* FileSystem.FileSystem
  const file_name = `${name}.known`
  const path = `${data_dir}/${file_name}`
  const table = new SentIndex()
  let lines = 0
  yield* eachLine(path, (line) => {
    const parsed = parseLine(line)
    if (parsed === undefined) return
    lines++
    table.set(parsed.id, parsed.content)
  })

  const add = Effect.fnUntraced(
    function* (accepted: readonly Accepted[]) {
      if (accepted.length === 0) return
      yield* appendDurably(data_dir, file_name, accepted.map(formatLine).join(""))
      lines += accepted.length
      for (const { id, content } of accepted) table.set(id, content)
    },
    Effect.provideService(FileSystem.FileSystem, fs),
  )

  const forgetAbsent = Effect.fnUntraced(
    function* (absences_max: number) {
      const gone = table.endListing(absences_max)
      if (gone === 0 && lines <= 2 * table.size + 1_000) return 0
      const at = new Date(yield* Clock.currentTimeMillis).toISOString()
      yield* rewriteAtomic(data_dir, file_name, (write) =>
        eachPart(path, (part) => {
          const current = part
            .flatMap((line) => parseLine(line) ?? [])
            .filter(({ id, content }) => table.claim(id, content))
          const [removed, current_left] = [true, false].map((wanted) =>
            current.filter(({ id }) => table.isGone(id, absences_max) === wanted),
          )
          const notes = removed!.map(({ id }) => `${JSON.stringify({ at, id })}\n`).join("")
          const noted = notes === "" ? Effect.void : appendDurably(data_dir, `${name}.removed.ndjson`, notes)
          return Effect.andThen(noted, write(current_left!.map(formatLine).join("")))
        }),
      )
      table.forget(absences_max)
      lines = table.size
      return gone
    },
    Effect.provideService(FileSystem.FileSystem, fs),
  )

  const clear = Effect.gen(function* () {
    table.clear()
    lines = 0
    yield* rewriteAtomic(data_dir, file_name, () => Effect.void)
  }).pipe(Effect.provideService(FileSystem.FileSystem, fs))

  return { table, add, forgetAbsent, clear } satisfies SentIndexFile
})

const hex = (word: number): string => word.toString(16).padStart(8, "0")

/** One line of the file. Ids are percent-encoded, so that none can break the line. */
const formatLine = ({ id, content }: Accepted): string =>
  `${hex(content.high)}${hex(content.low)} ${encodeURIComponent(id)}\n`

const line_form = /^([0-9a-f]{8})([0-9a-f]{8}) (\S+)$/

const parseLine = (line: string): Accepted | undefined => {
  const [, high, low, id] = line_form.exec(line) ?? []
  if (id === undefined) return undefined
  try {
    return { id: decodeURIComponent(id), content: { high: Number.parseInt(high!, 16), low: Number.parseInt(low!, 16) } }
  } catch {
    return undefined
  }
}

/** An id has 256 characters at most, and one may be written as `%F0%9F%98%80`. */
const line_chars_max = 17 + 12 * id_chars_max

const eachLine = (path: string, onLine: (line: string) => void) =>
  eachPart(path, (lines) => Effect.sync(() => lines.forEach(onLine)))

/** The lines of a file, some at a time, so that it is never in memory as a whole. None when there is no file. */
const eachPart = <E, R>(path: string, onLines: (lines: readonly string[]) => Effect.Effect<void, E, R>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    if (!(yield* readable(path, fs.exists(path)))) return
    if ((yield* readable(path, fs.stat(path))).type !== "File") return yield* unreadable(path, "it is no file")
    const file = yield* readable(path, fs.open(path, { flag: "r" }))
    const buffer = new Uint8Array(limits.file_part_bytes)
    const decoder = new TextDecoder()
    let rest = ""
    for (;;) {
      const bytes = Number(yield* readable(path, file.read(buffer)))
      if (bytes === 0) break
      const lines = (rest + decoder.decode(buffer.subarray(0, bytes), { stream: true })).split("\n")
      rest = lines.pop()!
      // The file is damaged: it holds no lines of that length, and such a one must not fill the memory.
      if (rest.length > line_chars_max) rest = ""
      yield* onLines(lines)
    }
    // What stands behind the last line end was cut short by a crash: it may read as a whole line, with the beginning of an id.
  }).pipe(Effect.scoped)

const readable = <A, R>(path: string, effect: Effect.Effect<A, Platform.PlatformError, R>) =>
  Effect.mapError(effect, ({ reason }) => unreadable(path, reason.message))

const unreadable = (path: string, why: string): StoreError =>
  new StoreError({
    reason: "unreadable",
    path,
    message: `${path} cannot be read: ${why}. Make it readable, or delete it: all assets are then sent once more`,
  })
