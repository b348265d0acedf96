/**
 * The journal of changes, `data_dir/idempotency.ndjson`. An `Idempotency-Key` replays the first answer for 24 h, also after a
 * restart. Before an action that changes something calls Falcon, a `begin` line is on the disk; an `end` line follows. A `begin`
 * without an `end` is an action that a crash cut off: nobody knows whether it happened, so its key answers 409 and the audit
 * log gets a line with the outcome `unknown`.
 *
 * Final answers are stored. A refusal that certainly did nothing (429, a missing scope) is not, so that the same request may be
 * sent again. A failure whose outcome is unknown is stored, so that a repetition with its key cannot act twice.
 */
import { Clock, Deferred, Effect, FileSystem, Semaphore } from "effect"
import type { StoreError } from "../errors.ts"
import { monotonicMs } from "../monotonic.ts"
import { hold, inTurn } from "../store/alone.ts"
import { appendDurably, readIfPresent, writeAtomic } from "../store/atomic-file.ts"
import type { Audit, AuditLine } from "./audit.ts"
import { beginning, type Entry, linesOf, readEntries } from "./idempotency-file.ts"
import { actions as bounds, journal } from "./limits.ts"
import { type Refusal, refuse } from "./problem.ts"

/** An answer as it goes out: status 200 with an answer, anything else with a problem document. */
export interface Reply {
  readonly status: number
  readonly body: unknown
}

export interface Attempt {
  /** The caller's key together with all that it is bound to; `undefined` when none was given. */
  readonly key: string | undefined
  /** Whose key it is: nobody's keys may use up the room of others. */
  readonly owner: string
  /** Hash of the arguments: a known key with other arguments is a conflict. */
  readonly hash: string
  /** What the audit log says if the process ends before the outcome is known. */
  readonly audit: AuditLine | undefined
}

export type Begun =
  | { readonly replay: Reply }
  /** To be called with the outcome, whatever it is. `is_final`: it is replayed from now on. */
  | { readonly end: (reply: Reply, is_final: boolean) => Effect.Effect<void> }

export interface Journal {
  /** Waits when a request with the same key is being carried out, and gives the same answer. */
  readonly begin: (attempt: Attempt) => Effect.Effect<Begun, Refusal>
}

const file_name = "idempotency.ndjson"
const damaged_name = "idempotency.damaged.ndjson"

/**
 * The journal, opened by whoever comes first. An opening that fails is tried again by the next: a disk that was full or a
 * folder in the place of the file must not be remembered until a restart.
 */
export const journalOf = (
  data_dir: string,
  audit: Audit,
  options: { readonly owner: boolean },
): Effect.Effect<Journal, StoreError, FileSystem.FileSystem> => {
  const one_opening = Semaphore.makeUnsafe(1)
  let opened: Journal | undefined
  const remember = (made: Journal) =>
    Effect.sync(() => {
      opened = made
    })
  return Effect.suspend(() =>
    opened === undefined ? Effect.tap(openJournal(data_dir, audit, options), remember) : Effect.succeed(opened),
  ).pipe(Semaphore.withPermits(one_opening, 1))
}

/**
 * Opens the journal of a folder. `owner`: this process holds the folder's lock; then what is on the disk is read, what a
 * crash left is recorded, and the file is compacted. A process beside it only adds its own lines, in turn with the compaction. Each looks, before
 * it acts under a key that it does not know, whether the other has written meanwhile: a shell carries out approved runs under the keys of their askers.
 */
const openJournal = Effect.fnUntraced(function* (
  data_dir: string,
  audit: Audit,
  { owner }: { readonly owner: boolean },
): Effect.fn.Return<Journal, StoreError, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const one_writer = yield* Semaphore.make(1)
  const safe_names = new Set<string>()
  const entries = new Map<string, Entry>()
  const running = new Map<string, Deferred.Deferred<Reply>>()
  const clock = yield* Clock.Clock
  const loaded_ms = monotonicMs(clock)
  /** When the entries of this process began, by the monotonic clock. */
  const begun_ms = new WeakMap<Entry, number>()
  /** Entries that another process has written beside this one. */
  const elsewhere = new WeakSet<Entry>()
  const path = `${data_dir}/${file_name}`
  const turn = `${data_dir}/idempotency`
  let damaged = ""
  /** As far as this process knows: when the file has another size, somebody else has written to it. */
  let file_bytes = 0
  let live_bytes = 0

  const append = (line: object) =>
    Effect.gen(function* () {
      const text = `${JSON.stringify(line)}\n`
      const add = appendDurably(data_dir, file_name, text, safe_names)
      yield* owner ? add : inTurn(fs, turn, add)
      file_bytes += Buffer.byteLength(text)
      if (owner && file_bytes > live_bytes + bounds.journal_slack_bytes) yield* compact
    }).pipe(Effect.provideService(FileSystem.FileSystem, fs), Semaphore.withPermits(one_writer, 1))

  /** Writes the file anew, unless another process adds to it just now, whose line would be lost: then the next line sees to it. */
  const compact = Effect.gen(function* () {
    const mine = yield* Effect.catch(hold(fs, turn), ({ message }) => Effect.as(Effect.logError(message), false))
    if (!mine) return
    yield* absorb
    const text = [...entries.values()].map(linesOf).join("")
    yield* writeAtomic(data_dir, file_name, text)
    file_bytes = Buffer.byteLength(text)
  }).pipe(Effect.scoped)

  /** Takes over what another process has written. What is under way there is in doubt here, until its end is written. */
  const absorb = Effect.gen(function* () {
    const info = yield* Effect.orElseSucceed(fs.stat(path), () => undefined)
    if (Number(info?.size ?? 0) === file_bytes) return
    const text = (yield* readIfPresent(path)) ?? ""
    file_bytes = Buffer.byteLength(text)
    const now_ms = yield* Clock.currentTimeMillis
    const { found } = readEntries(text)
    const keys = new Set(found.map(({ key }) => key))
    for (const [key, entry] of entries) if (elsewhere.has(entry) && !keys.has(key)) remove(key, entry)
    for (const { at_ms, state, ...stored } of found) {
      const known = entries.get(stored.key ?? "")
      const is_ours = known !== undefined && !elsewhere.has(known)
      if (stored.key === undefined || is_ours || now_ms - at_ms >= bounds.key_life_ms) continue
      const entry: Entry = { ...stored, at_ms: Math.min(at_ms, now_ms), state: state === "running" ? "doubt" : state }
      elsewhere.add(entry)
      begun_ms.set(entry, (known && begun_ms.get(known)) ?? monotonicMs(clock))
      live_bytes += (entry.reply?.length ?? 0) - (known?.reply?.length ?? 0)
      entries.set(stored.key, entry)
    }
  }).pipe(Effect.provideService(FileSystem.FileSystem, fs))

  /** The entry of a key, also where another process has written it. */
  const find = (id: string) =>
    Effect.suspend(() => {
      const known = entries.get(id)
      if (known !== undefined && !elsewhere.has(known)) return Effect.succeed(known)
      return Effect.map(absorb, () => entries.get(id))
    }).pipe(Effect.mapError(({ message }) => refuse("not-ready", `nothing was done: ${message}`)))

  /** Drops what is over a day old, and the oldest answers when they take too much room. */
  const trim = (now_ms: number) => {
    const steady_ms = monotonicMs(clock)
    for (const [id, entry] of entries)
      if (entry.state !== "running" && isOver(entry, now_ms, steady_ms)) remove(id, entry)
    for (const entry of entries.values()) {
      if (live_bytes <= bounds.answers_bytes_max) break
      live_bytes -= entry.reply?.length ?? 0
      delete entry.reply
    }
  }
  /**
   * Whether an entry is over a day old, by the monotonic clock. The age of an entry of an earlier process follows from the wall
   * clock only, which is not believed before this process has run for a while: just after a start it may be wrong.
   */
  const isOver = (entry: Entry, now_ms: number, steady_ms: number): boolean => {
    const known_ms = steady_ms - (begun_ms.get(entry) ?? loaded_ms)
    if (known_ms >= bounds.key_life_ms) return true
    return !begun_ms.has(entry) && known_ms >= journal.settle_ms && now_ms - entry.at_ms >= bounds.key_life_ms
  }
  const remove = (id: string, entry: Entry) => {
    live_bytes -= entry.reply?.length ?? 0
    entries.delete(id)
  }

  const end = (id: string, entry: Entry, reply: Reply, is_final: boolean) =>
    Effect.gen(function* () {
      const text = JSON.stringify(reply)
      if (is_final && entry.key !== undefined) {
        entry.state = "done"
        if (text.length <= bounds.answer_bytes_max) {
          entry.reply = text
          live_bytes += text.length
        }
      } else remove(id, entry)
      const stored =
        entry.state === "done" ? { done: true, ...(entry.reply !== undefined && { reply: entry.reply }) } : {}
      yield* Effect.catch(append({ t: "end", id: entry.id, ...stored }), (error) =>
        // It has happened, and is remembered for as long as the process lives; after that it counts as in doubt.
        Effect.logError(`${error.message}; how an action ended is not on the disk`),
      )
      const waiting = running.get(id)
      running.delete(id)
      if (waiting !== undefined) yield* Deferred.succeed(waiting, reply)
    })

  const begin = (attempt: Attempt): Effect.Effect<Begun, Refusal> =>
    Effect.gen(function* () {
      const now_ms = yield* Clock.currentTimeMillis
      trim(now_ms)
      const line_id = crypto.randomUUID()
      const id = attempt.key ?? line_id
      const known = attempt.key === undefined ? undefined : yield* find(id)
      if (known !== undefined) return { replay: yield* replay(known, attempt, running.get(id)) }
      if (attempt.key !== undefined) {
        if (damaged.includes(JSON.stringify(attempt.key).slice(1, -1)))
          return yield* refuse("idempotency-in-doubt", lost_record)
        if (keysOf(entries, attempt.owner) >= journal.keys_per_caller_max) {
          const detail = `${journal.keys_per_caller_max} idempotency keys of this token are being remembered; come back later, or leave the key out`
          return yield* refuse("not-ready", detail, { retry_after_s: 600 })
        }
      }
      const entry: Entry = { id: line_id, at_ms: now_ms, hash: attempt.hash, state: "running" }
      begun_ms.set(entry, monotonicMs(clock))
      if (attempt.key !== undefined) {
        entry.key = attempt.key
        entry.owner = attempt.owner
      }
      if (attempt.audit !== undefined) entry.audit = attempt.audit
      entries.set(id, entry)
      if (attempt.key !== undefined) running.set(id, Deferred.makeUnsafe<Reply>())
      yield* Effect.catch(append(beginning(entry)), (error) => {
        const refusal = refuse("not-ready", `nothing was done: ${error.message}`)
        const waiting = running.get(id)
        running.delete(id)
        remove(id, entry)
        const reply = { status: refusal.problem.status, body: refusal.problem }
        const release = waiting === undefined ? Effect.void : Deferred.succeed(waiting, reply)
        return Effect.andThen(release, Effect.fail(refusal))
      })
      return { end: (reply, is_final) => end(id, entry, reply, is_final) }
    })

  if (owner) {
    const now_ms = yield* Clock.currentTimeMillis
    const text = yield* readIfPresent(path)
    file_bytes = Buffer.byteLength(text ?? "")
    const read = readEntries(text ?? "")
    const { found } = read
    if (read.damaged.length > 0) {
      // Before the file is written anew without them.
      yield* appendDurably(data_dir, damaged_name, `${read.damaged.join("\n")}\n`)
      yield* Effect.logWarning(
        `${read.damaged.length} lines of ${file_name} cannot be read: they are in ${damaged_name} now, and keys that stand in them answer 409`,
      )
    }
    damaged = ((yield* readIfPresent(`${data_dir}/${damaged_name}`)) ?? "").slice(-journal.damaged_chars_max)
    for (const stored of found) {
      // From a clock that ran ahead: nothing was begun later than now.
      const entry = stored.at_ms > now_ms ? { ...stored, at_ms: now_ms } : stored
      if (entry.state === "running") {
        if (entry.audit !== undefined) yield* audit.write(cutOff(entry.audit, now_ms))
        entry.state = "doubt"
        // It may be a shell's that is still at it, and tells the end later.
        elsewhere.add(entry)
      }
      if (entry.key === undefined) continue
      entries.set(entry.key, entry)
      live_bytes += entry.reply?.length ?? 0
    }
    trim(now_ms)
    if (text !== undefined) yield* compact
  }
  return { begin }
})

/** How many keys of one caller are stored. Counted anew for each key: at most ten thousand, next to a call to Falcon. */
const keysOf = (entries: ReadonlyMap<string, Entry>, owner: string): number => {
  let keys = 0
  for (const entry of entries.values()) if (entry.owner === owner) keys++
  return keys
}

const lost_record =
  "what was recorded under this key cannot be read any more (see idempotency.damaged.ndjson), so that nobody knows whether it happened: look in Falcon, then use a new Idempotency-Key"

/** The audit line of an action whose process ended before its outcome was known. */
export const cutOff = (line: AuditLine, now_ms: number): AuditLine => ({
  ...line,
  at: new Date(now_ms).toISOString(),
  outcome: "unknown",
  detail: `the process ended before the outcome was known; begun ${line.at}`,
})

/** The answer to a key that is known already. */
export const replay = (
  known: Pick<Entry, "hash" | "state" | "reply">,
  attempt: Attempt,
  running: Deferred.Deferred<Reply> | undefined,
): Effect.Effect<Reply, Refusal> => {
  if (known.hash !== attempt.hash) {
    return refuse("idempotency-conflict", "this Idempotency-Key was used with other arguments; choose a new one")
  }
  if (running !== undefined) return Effect.interruptible(Deferred.await(running))
  if (known.state === "done" && known.reply !== undefined) return Effect.succeed(JSON.parse(known.reply) as Reply)
  return known.state === "done"
    ? refuse("idempotency-conflict", "this was done before; its answer was too large to be kept, so look in Falcon")
    : refuse(
        "idempotency-in-doubt",
        "an earlier process ended while it did this, so that nobody knows whether it happened: look in Falcon, then use a new Idempotency-Key",
      )
}
