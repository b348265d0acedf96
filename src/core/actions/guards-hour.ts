/**
 * How many different hosts were changed within an hour, in `data_dir/guards/`: one file an hour, one line for each run. A run
 * writes its line first and counts then, everybody else's lines included: so two runs at once, or a shell beside the server, never
 * pass together what one of them alone may. A run that is refused takes its line back. A restart forgets nothing.
 */
import { Clock, Effect, FileSystem, type PlatformError, Semaphore } from "effect"
import { StoreError } from "../errors.ts"
import { type JsonObject, jsonObject } from "../json-object.ts"
import { monotonicMs } from "../monotonic.ts"
import { appendDurably, makeFolder, readIfPresent } from "../store/atomic-file.ts"
import { systemWords } from "../store/regular-file.ts"
import { idKey } from "./errors-by-id.ts"
import { guards as bounds } from "./limits.ts"

export interface HostsOfTheHour {
  /** Counts hosts before they are changed. `undefined`: they may be; else how many different ones the hour has without them. */
  readonly reserve: (ids: readonly string[]) => Effect.Effect<number | undefined, StoreError>
  /** How many different hosts the hour would have with these, nothing counted. */
  readonly with: (ids: readonly string[]) => Effect.Effect<number, StoreError>
}

interface Line {
  readonly id: string
  readonly at_ms: number
  readonly hosts: readonly string[]
}

/** The count of one tenant. Ids that differ in case only are one host. */
export const makeHostsOfTheHour = Effect.fnUntraced(function* (
  data_dir: string,
  max: number,
): Effect.fn.Return<HostsOfTheHour, never, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const clock = yield* Clock.Clock
  const one_at_a_time = yield* Semaphore.make(1)
  const folder = `${data_dir}/guards`
  const safe_names = new Set<string>()
  /** When this process first saw a line, by the clock that is never set. */
  const seen_ms = new Map<string, number>()
  /** Lines that this process wrote: only that clock counts for them. */
  const own = new Set<string>()
  const hour_ms = bounds.hour_ms + bounds.recount_ms

  /** A clock that was set ahead, or back, makes a line count longer and never shorter, unless it was set ahead by an hour before a restart. */
  const isOver = ({ id, at_ms }: Line, now_ms: number): boolean => {
    const known_ms = monotonicMs(clock) - (seen_ms.get(id) ?? monotonicMs(clock))
    return known_ms >= hour_ms || (!own.has(id) && now_ms - at_ms >= hour_ms)
  }

  /** The lines that count now. Files that no line of can count are removed. */
  const read = Effect.gen(function* () {
    const now_ms = clock.currentTimeMillisUnsafe()
    yield* makeFolder(folder)
    const names = yield* Effect.mapError(fs.readDirectory(folder), unreadable)
    const lines: Line[] = []
    for (const name of names.filter((one) => /^\d+\.ndjson$/.test(one))) {
      if (hourOf(now_ms) - Number.parseInt(name, 10) > bounds.hours_kept) {
        yield* Effect.ignore(fs.remove(`${folder}/${name}`))
        continue
      }
      const text = yield* readIfPresent(`${folder}/${name}`, bounds.file_bytes_max)
      lines.push(...standing(text ?? ""))
    }
    for (const { id } of lines) if (!seen_ms.has(id)) seen_ms.set(id, monotonicMs(clock))
    const ids = new Set(lines.map(({ id }) => id))
    for (const id of seen_ms.keys()) if (!ids.has(id)) seen_ms.delete(id)
    return lines.filter((line) => !isOver(line, now_ms))
  })

  const unreadable = (error: PlatformError.PlatformError) =>
    new StoreError({ reason: "unreadable", path: folder, message: `${folder} cannot be read: ${systemWords(error)}` })

  const append = (line: object) => {
    const name = `${hourOf(clock.currentTimeMillisUnsafe())}.ndjson`
    return appendDurably(folder, name, `${JSON.stringify(line)}\n`, safe_names)
  }

  const reserve = Effect.fnUntraced(function* (ids: readonly string[]) {
    const keys = [...new Set(ids.map(idKey))]
    const before = yield* read
    const without = union(before, []).size
    if (union(before, keys).size > max) return without
    if (isFresh(before, keys)) return undefined
    const line: Line = { id: crypto.randomUUID(), at_ms: clock.currentTimeMillisUnsafe(), hosts: keys }
    own.add(line.id)
    seen_ms.set(line.id, monotonicMs(clock))
    yield* append(line)
    const all = yield* read
    if (union(all, keys).size <= max) return undefined
    yield* append({ release: line.id })
    return without
  })

  /** All of them were counted a moment ago, by this process. */
  const isFresh = (lines: readonly Line[], keys: readonly string[]): boolean => {
    const newest_ms = monotonicMs(clock) - bounds.recount_ms
    const fresh = union(
      lines.filter(({ id }) => own.has(id) && (seen_ms.get(id) ?? 0) > newest_ms),
      [],
    )
    return keys.every((key) => fresh.has(key))
  }

  const provided = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>) =>
    effect.pipe(Effect.provideService(FileSystem.FileSystem, fs), Semaphore.withPermits(one_at_a_time, 1))

  return {
    reserve: (ids) => provided(reserve(ids)),
    with: (ids) => provided(Effect.map(read, (lines) => union(lines, ids.map(idKey)).size)),
  }
})

const hourOf = (now_ms: number): number => Math.floor(now_ms / bounds.hour_ms)

const union = (lines: readonly Line[], keys: readonly string[]): ReadonlySet<string> =>
  new Set([...lines.flatMap(({ hosts }) => hosts), ...keys])

/** Lines that were not taken back. One that cannot be read was not safe on the disk: its run has changed nothing. */
const standing = (text: string): readonly Line[] => {
  const lines = new Map<string, Line>()
  for (const part of text.split("\n")) {
    const record = jsonObject(part)
    if (record === undefined) continue
    if (typeof record.release === "string") lines.delete(record.release)
    else if (isLine(record)) lines.set(record.id, record)
  }
  return [...lines.values()]
}

const isLine = (value: JsonObject): value is JsonObject & Line =>
  typeof value.id === "string" && typeof value.at_ms === "number" && Array.isArray(value.hosts)
