/** Reading, replaying and clearing the dead letters of a data folder, also while a worker appends to them. */
import { Clock, Effect, FileSystem, Result } from "effect"
import { StoreError } from "../errors.ts"
import { type JsonObject, jsonObject } from "../json-object.ts"
import { status as limits } from "../limits/operator.ts"
import { hold } from "../store/alone.ts"
import { appendDurably, readIfPresent, unreadable, writeAtomic } from "../store/atomic-file.ts"
import { type DeadLetter, deadLetterFolder, rawBytes } from "./dead-letters.ts"
import type { Destination } from "./destination.ts"
import type { Enricher } from "./enricher.ts"
import { dead_letters, enrichment_queue } from "./limits.ts"
import { batchesOf, batchOfLine } from "./lines/batches-of.ts"

/** Holds the ids that were delivered later. */
export const replayed_file = "replayed.ndjson"

export interface DeadLetterBook {
  /** Oldest first. */
  readonly letters: readonly DeadLetter[]
  /** Ids of those that the destination has taken since. */
  readonly replayed: ReadonlySet<string>
  /** Lines that are no record: cut short by a crash, so that their events came and were recorded again, or not ours. */
  readonly torn: number
}

/** Everything that is recorded. */
export const readDeadLetters = Effect.fnUntraced(function* (
  data_dir: string,
): Effect.fn.Return<DeadLetterBook, StoreError, FileSystem.FileSystem> {
  const folder = deadLetterFolder(data_dir)
  const letters: DeadLetter[] = []
  let torn = 0
  for (const name of yield* dayFiles(folder)) {
    const day = parseLines((yield* readIfPresent(`${folder}/${name}`)) ?? "", isDeadLetter)
    letters.push(...day.records)
    torn += day.torn
  }
  const done = parseLines((yield* readIfPresent(`${folder}/${replayed_file}`)) ?? "", hasId)
  return { letters, replayed: new Set(done.records.map(({ id }) => id)), torn }
})

/** Does what only one process at a time may do with the letters of a folder, a replay or a purge. Fails with `locked`, at once, where another is at it. */
export const oneAtATime = <A, E, R>(data_dir: string, work: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const path = `${data_dir}/dead-letters`
    if (yield* hold(yield* FileSystem.FileSystem, path)) return yield* work
    const message = "another replay or purge is under way: nothing was done"
    return yield* new StoreError({ reason: "locked", path, message })
  }).pipe(Effect.scoped)

/**
 * Fails where there are more of them than the process that delivers should have in memory at once: a shell reads them then, in a
 * process of its own.
 */
export const failWhenMany = Effect.fnUntraced(function* (
  data_dir: string,
): Effect.fn.Return<void, StoreError, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const folder = deadLetterFolder(data_dir)
  let bytes = 0
  for (const name of yield* dayFiles(folder)) {
    const info = yield* Effect.orElseSucceed(fs.stat(`${folder}/${name}`), () => undefined)
    bytes += Number(info?.size ?? 0)
  }
  if (bytes <= limits.letters_bytes_max) return
  return yield* new StoreError({
    reason: "unreadable",
    path: folder,
    message: `${folder} holds ${bytes} bytes, too many for the process that delivers: use \`akonis dead-letters\` in a shell`,
  })
})

/**
 * Posts dead letters one by one, or asks the enricher again about an event that was not enriched; each that is taken is remembered
 * at once. `tell` learns of every one. Fails, with nothing posted, where what is delivered could not be remembered; where that happens
 * on the way, no further one is posted, and those that were count as delivered.
 */
export const replay = Effect.fnUntraced(function* (
  data_dir: string,
  letters: readonly DeadLetter[],
  destination: Destination,
  enrichers: readonly Enricher[],
  tell: (letter: DeadLetter, error: string | undefined) => Effect.Effect<void>,
) {
  const folder = deadLetterFolder(data_dir)
  let delivered = 0
  let unwritten: string | undefined
  yield* appendDurably(folder, replayed_file, "")
  for (const letter of letters) {
    if (unwritten !== undefined) {
      yield* tell(letter, `not tried: ${unwritten}`)
      continue
    }
    const error = yield* letter.reason === "not_enriched"
      ? enrichAgain(letter, destination, enrichers)
      : post(letter, destination)
    if (error !== undefined) {
      yield* tell(letter, error)
      continue
    }
    delivered++
    const at = new Date(yield* Clock.currentTimeMillis).toISOString()
    const line = `${JSON.stringify({ id: letter.id, at })}\n`
    const kept = yield* Effect.result(appendDurably(folder, replayed_file, line))
    if (Result.isFailure(kept)) unwritten = kept.failure.message
    const twice = `it was delivered, and another replay would deliver it again: ${unwritten}`
    yield* tell(letter, unwritten === undefined ? undefined : twice)
  }
  return { delivered, refused: letters.length - delivered }
})

/** Finds the enriched events, as the worker would have, and posts them. */
const enrichAgain = (
  letter: DeadLetter,
  destination: Destination,
  enrichers: readonly Enricher[],
): Effect.Effect<string | undefined> =>
  Effect.gen(function* () {
    if (letter.enricher === undefined) return `no plugin could read it: ${letter.detail}`
    const enricher = enrichers.find(({ plugin_id }) => plugin_id === letter.enricher)
    if (enricher === undefined) return `the plugin ${letter.enricher} is off`
    for (const batch of batchesOf(yield* enricher.enrich(letter.raw), destination.framing)) {
      const [reject] = batch.rejects
      if (reject !== undefined) return reject.detail
      yield* destination.post(batch.body(yield* destination.head), batch.count)
    }
    return undefined
  }).pipe(
    Effect.timeoutOrElse({
      duration: enrichment_queue.replay_ms_max,
      orElse: () => Effect.succeed(`no answer within ${enrichment_queue.replay_ms_max / 1_000} s`),
    }),
    Effect.catchTag(["NotEnriched", "DeliveryError"], ({ message }) => Effect.succeed(message)),
  )

/** What went wrong, or `undefined` when the destination has taken it. */
const post = (letter: DeadLetter, destination: Destination): Effect.Effect<string | undefined> =>
  Effect.gen(function* () {
    const raw = rawBytes(letter)
    if (raw.length < letter.bytes) return `only ${raw.length} of its ${letter.bytes} bytes were kept`
    const batch = batchOfLine(raw, letter.offset ?? -1, destination.framing)
    if (batch === undefined) return "it is no JSON object"
    yield* destination.post(batch.body(yield* destination.head), batch.count)
    return undefined
  }).pipe(Effect.catchTag("DeliveryError", (error) => Effect.succeed(error.message)))

/**
 * Removes records: those that were replayed, or all. Unless the caller is `alone` with the folder, the file of the current day is left as it
 * is, since a worker may be appending to it; so is that of the day before for some minutes.
 */
export const purge = Effect.fnUntraced(function* (data_dir: string, which: "replayed" | "all", alone: boolean) {
  const fs = yield* FileSystem.FileSystem
  const folder = deadLetterFolder(data_dir)
  const { replayed } = yield* readDeadLetters(data_dir)
  const now_ms = yield* Clock.currentTimeMillis
  const today = `${new Date(now_ms - dead_letters.written_ms_max).toISOString().slice(0, 10)}.ndjson`
  let removed = 0
  let kept = 0
  for (const name of yield* dayFiles(folder)) {
    const { records } = parseLines((yield* readIfPresent(`${folder}/${name}`)) ?? "", isDeadLetter)
    const stay = name >= today && !alone ? records : records.filter(({ id }) => which !== "all" && !replayed.has(id))
    removed += records.length - stay.length
    kept += stay.length
    if (stay.length === records.length && stay.length > 0) continue
    if (stay.length > 0) yield* writeAtomic(folder, name, stay.map((letter) => `${JSON.stringify(letter)}\n`).join(""))
    else if (name < today || alone) yield* Effect.ignore(fs.remove(`${folder}/${name}`))
  }
  return { removed, kept }
})

/** Names of the files with records, the oldest first; none where there is no folder. Fails where it cannot be read. */
export const dayFiles = (folder: string): Effect.Effect<readonly string[], StoreError, FileSystem.FileSystem> =>
  FileSystem.FileSystem.use((fs) => fs.readDirectory(folder)).pipe(
    Effect.catch((error) =>
      error.reason._tag === "NotFound" ? Effect.succeed<string[]>([]) : Effect.fail(unreadable(folder, error)),
    ),
    Effect.map((names) => names.filter((name) => /^\d{4}-\d{2}-\d{2}\.ndjson$/.test(name)).sort()),
  )

const hasId = (value: JsonObject): value is JsonObject & { readonly id: string } => typeof value.id === "string"

/** As far as it is relied on. */
const isDeadLetter = (value: JsonObject): value is JsonObject & DeadLetter =>
  hasId(value) &&
  typeof value.raw === "string" &&
  (value.encoding === "utf8" || value.encoding === "base64") &&
  typeof value.bytes === "number" &&
  (value.offset === null || typeof value.offset === "number")

const parseLines = <A extends JsonObject>(text: string, is: (value: JsonObject) => value is A) => {
  const records: A[] = []
  let torn = 0
  for (const line of text.split("\n")) {
    if (line === "") continue
    const value = jsonObject(line)
    if (value !== undefined && is(value)) records.push(value)
    else torn++
  }
  return { records, torn }
}
