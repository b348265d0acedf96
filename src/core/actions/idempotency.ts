/**
 * What was asked for and how it ended, in `data_dir/idempotency.ndjson`. An `Idempotency-Key` replays the first answer for
 * 24 h, also after a restart. Before an action that changes something goes to Falcon, that it is about to is on the disk;
 * its end follows. A beginning without an end is an action that a crash cut off: whether it happened nobody knows, so its
 * key answers 409 and the audit log gets a line that says `unknown`.
 *
 * Kept are answers that are final. A refusal that certainly did nothing (429, a missing scope) is not: the same request
 * may be sent again. A 502 whose outcome is unknown is kept, so that a blind repetition cannot act twice.
 */
import { Clock, Deferred, Effect, FileSystem, Semaphore } from "effect"
import type { StoreError } from "../errors.ts"
import { actions as bounds } from "../limits.ts"
import { appendDurably, readIfPresent, writeAtomic } from "../store/atomic-file.ts"
import type { Audit, AuditLine } from "./audit.ts"
import { type Entry, linesOf, readEntries } from "./idempotency-file.ts"
import { type Refusal, refuse } from "./refusal.ts"

/** An answer as it goes out: status 200 with an answer, anything else with a problem document. */
export interface Reply {
  readonly status: number
  readonly body: unknown
}

export interface Attempt {
  /** The caller's key together with all that it is bound to; `undefined` when none was given. */
  readonly key: string | undefined
  /** Of the arguments: the same key with others is a conflict. */
  readonly hash: string
  /** What the audit log says if the process ends before the outcome is known. */
  readonly audit: AuditLine | undefined
}

export type Begun =
  | { readonly replay: Reply }
  /** To be called with the outcome, whatever it is. `keep`: it is final, and replayed from now on. */
  | { readonly end: (reply: Reply, keep: boolean) => Effect.Effect<void> }

export interface Journal {
  /** Waits when a request with the same key is being carried out, and gives the same answer. */
  readonly begin: (attempt: Attempt) => Effect.Effect<Begun, Refusal>
}

const file_name = "idempotency.ndjson"

/**
 * Opens the journal of a folder. `owner`: this process holds the folder's lock; then what is on the disk is read, what a
 * crash left is recorded, and the file is compacted. A process beside it only adds its own lines.
 */
export const openJournal = Effect.fnUntraced(function* (
  data_dir: string,
  audit: Audit,
  { owner }: { readonly owner: boolean },
): Effect.fn.Return<Journal, StoreError, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const one_writer = yield* Semaphore.make(1)
  const safe_names = new Set<string>()
  const entries = new Map<string, Entry>()
  const running = new Map<string, Deferred.Deferred<Reply>>()
  let file_bytes = 0
  let live_bytes = 0

  const append = (line: object) =>
    Effect.gen(function* () {
      const text = `${JSON.stringify(line)}\n`
      yield* appendDurably(data_dir, file_name, text, safe_names)
      file_bytes += text.length
      if (owner && file_bytes > live_bytes + bounds.journal_slack_bytes) yield* compact
    }).pipe(Effect.provideService(FileSystem.FileSystem, fs), Semaphore.withPermits(one_writer, 1))

  const compact = Effect.suspend(() => {
    const text = [...entries.values()].map(linesOf).join("")
    return Effect.tap(writeAtomic(data_dir, file_name, text), () =>
      Effect.sync(() => {
        file_bytes = text.length
      }),
    )
  })

  /** Drops what is over a day old, and the oldest answers when they take too much room. */
  const trim = (now_ms: number) => {
    for (const [id, entry] of entries) {
      if (now_ms - entry.at_ms < bounds.key_life_ms) break
      if (entry.state !== "running") remove(id, entry)
    }
    for (const entry of entries.values()) {
      if (live_bytes <= bounds.answers_bytes_max) break
      live_bytes -= entry.reply?.length ?? 0
      delete entry.reply
    }
  }
  const remove = (id: string, entry: Entry) => {
    live_bytes -= entry.reply?.length ?? 0
    entries.delete(id)
  }

  const end = (id: string, entry: Entry, reply: Reply, keep: boolean) =>
    Effect.gen(function* () {
      const text = JSON.stringify(reply)
      if (keep && entry.key !== undefined) {
        entry.state = "done"
        if (text.length <= bounds.answer_bytes_max) {
          entry.reply = text
          live_bytes += text.length
        }
      } else remove(id, entry)
      const kept =
        entry.state === "done" ? { done: true, ...(entry.reply !== undefined && { reply: entry.reply }) } : {}
      yield* Effect.catch(append({ t: "end", id: entry.id, ...kept }), (error) =>
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
      const known = entries.get(id)
      if (known !== undefined) return { replay: yield* replay(known, attempt, running.get(id)) }
      if (entries.size >= bounds.keys_max) {
        return yield* refuse("not-ready", "too many idempotency keys are being remembered; come back later", {
          retry_after_s: 600,
        })
      }
      const entry: Entry = { id: line_id, at_ms: now_ms, hash: attempt.hash, state: "running" }
      if (attempt.key !== undefined) entry.key = attempt.key
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
      return { end: (reply, keep) => end(id, entry, reply, keep) }
    })

  if (owner) {
    const now_ms = yield* Clock.currentTimeMillis
    const text = yield* readIfPresent(`${data_dir}/${file_name}`)
    const { found, unreadable } = readEntries(text ?? "")
    for (const entry of found) {
      if (entry.state === "running") {
        if (entry.audit !== undefined) yield* audit.write(cutOff(entry.audit, now_ms))
        entry.state = "doubt"
      }
      if (entry.key === undefined) continue
      entries.set(entry.key, entry)
      live_bytes += entry.reply?.length ?? 0
    }
    if (unreadable > 0) yield* Effect.logWarning(`${unreadable} lines of ${file_name} were cut short and are left out`)
    trim(now_ms)
    if (text !== undefined) yield* compact
  }
  return { begin }
})

const beginning = ({ id, key, hash, at_ms, audit }: Entry) => ({ t: "begin", id, key, hash, at_ms, audit })

const cutOff = (line: AuditLine, now_ms: number): AuditLine => ({
  ...line,
  at: new Date(now_ms).toISOString(),
  outcome: "unknown",
  detail: `the process ended before the outcome was known; begun ${line.at}`,
})

/** What a key that is known answers. */
const replay = (
  known: Entry,
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
