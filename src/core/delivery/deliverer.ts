/**
 * Gets a batch to the intake, however long that takes: retries for ever, cuts a refused batch in halves until the guilty
 * event stands alone and goes to the dead letters. When `deliver` returns, every event of the batch is taken or recorded.
 *
 * An intake that refuses one event after the other and takes none is down, and no event is guilty (`outage.ts`).
 */
import { Clock, Effect } from "effect"
import type { ConfigError } from "../errors.ts"
import { waitMs } from "../http/client/backoff.ts"
import { intake as limits } from "../limits.ts"
import type { Intake, IntakeError } from "../sekoia/intake.ts"
import type { HealthCell } from "../telemetry/health.ts"
import type { DeadLetters } from "./dead-letters.ts"
import type { Batch, Reject, RejectReason } from "./lines/batch.ts"
import { type Ahead, makeOutage, type Open, type Posting } from "./outage.ts"
import { makeRecord } from "./record.ts"
import { Remaining } from "./remaining.ts"
import type { Standing } from "./standing.ts"

/** What the deliverer tells while it works; metrics listen. */
export interface DelivererObserver {
  readonly onPosted: (events: number, bytes: number, duration_ms: number) => Effect.Effect<void>
  /** Events of a post that the intake has taken, without an id for them. */
  readonly onUnacknowledged: (events: number) => Effect.Effect<void>
  readonly onRetry: (reason: string) => Effect.Effect<void>
  readonly onDeadLetter: (reason: RejectReason, count: number) => Effect.Effect<void>
}

export interface DelivererOptions {
  readonly intake: Intake
  readonly dead_letters: DeadLetters["Service"]
  /** Root URL of the stream. */
  readonly partition: string
  /** CoalescingCache by all deliverers of the partition. */
  readonly standing: Standing
  readonly health: HealthCell
  readonly observer: DelivererObserver
  /** Where the batches wait that come next, if any do. */
  readonly ahead?: Ahead
}

export interface Deliverer {
  /** Never fails; interruption gives up, and the batch then counts as undelivered. One at a time. */
  readonly deliver: (batch: Batch) => Effect.Effect<void>
}

export const makeDeliverer = (options: DelivererOptions): Deliverer => {
  const { intake, standing, health, observer } = options
  const record = makeRecord(options)
  /** Events of batches that wait, posted before their turn to try the intake. */
  const early = new Map<Batch, Remaining>()

  const deliver = Effect.fnUntraced(function* (batch: Batch) {
    yield* record(batch.rejects)
    const remaining = early.get(batch) ?? new Remaining(batch.count)
    early.delete(batch)
    const open: Open = { batch, remaining, suspects: [] }
    for (;;) {
      const range = standing.refuses_all ? undefined : remaining.next()
      if (range === undefined) {
        if (remaining.count + open.suspects.length === 0) return
        yield* outage.untilAccepted(open)
        yield* settle(open)
        continue
      }
      const refusal = yield* postUntilAnswered(batch, range.from, range.to)
      if (refusal === undefined) {
        standing.took(batch, range.to - 1)
        yield* settle(open)
      } else if (range.to - range.from > 1) remaining.halve(range)
      else {
        standing.refused()
        open.suspects.push({ index: range.from, refusal })
      }
    }
  })

  /** The intake takes events: what it refused before may go now, and what it refuses again is guilty. */
  const settle = Effect.fnUntraced(function* ({ batch, suspects }: Open) {
    const guilty: Reject[] = []
    for (const { index } of suspects) {
      const refusal = yield* postUntilAnswered(batch, index, index + 1)
      if (refusal !== undefined) guilty.push(rejectOf(batch, index, refusal))
    }
    yield* record(guilty)
    suspects.length = 0
  })

  /** Posts until the intake has taken the events, or has refused them for what they are. */
  const postUntilAnswered: Posting = Effect.fnUntraced(function* (batch, from, to) {
    for (let failures = 0; ; ) {
      const began_ms = yield* Clock.currentTimeMillis
      const result = yield* postOnce(batch, from, to)
      if (typeof result === "number") {
        yield* taken(batch, from, to, result, (yield* Clock.currentTimeMillis) - began_ms)
        if (failures > 0) yield* Effect.logInfo(`the intake takes events again after ${failures} failures`)
        return undefined
      }
      const refusal = refusalIn(result, to - from)
      if (refusal !== undefined) return refusal
      failures++
      yield* observer.onRetry(result._tag === "IntakeError" ? result.reason : "no_key")
      yield* wait(result, failures)
    }
  })

  const postOnce = (batch: Batch, from: number, to: number): Effect.Effect<number | IntakeError | ConfigError> =>
    intake.prefix.pipe(
      Effect.flatMap((prefix) => intake.post(batch.body(prefix, from, to), to - from)),
      Effect.catchTag(["IntakeError", "ConfigError"], (error) => Effect.succeed(error)),
    )

  const taken = Effect.fnUntraced(function* (
    batch: Batch,
    from: number,
    to: number,
    acknowledged: number,
    duration_ms: number,
  ) {
    const events = to - from
    yield* observer.onPosted(events, batch.size(from, to), duration_ms)
    if (acknowledged === events) return yield* health.set("ok", "")
    yield* observer.onUnacknowledged(events - acknowledged)
    const detail = `the intake took ${events} events and acknowledged ${acknowledged} of them`
    yield* health.set("degraded", detail)
    yield* Effect.logWarning(`${detail}; which ones it left out it does not say, delivery goes on`)
  })

  /** Says why delivery stands still, and waits as long as it makes sense for that reason. */
  const wait = Effect.fnUntraced(function* (error: IntakeError | ConfigError, failures: number) {
    const reason = error._tag === "ConfigError" ? "misconfigured" : error.reason
    const hopeless = reason === "wrong_key" || reason === "misconfigured"
    const strange = reason === "not_an_intake" || reason === "too_large"
    const asked_ms = error._tag === "IntakeError" ? error.retry_after_ms : undefined
    const wait_ms = yield* waitMs(failures, asked_ms, hopeless || reason === "not_ready" ? limits.refused_ms : 0)
    const hint = hopeless || strange ? "; check plugins.event-stream.intake_key and intake_url, and any proxy" : ""
    const detail = `intake blocked: ${error.message}${hint}`
    if (hopeless || strange) yield* health.set("failed", detail)
    else if (failures > limits.silent_failures_max || wait_ms >= limits.silent_wait_ms_max)
      yield* health.set("degraded", detail)
    const log = hopeless || strange ? Effect.logError : Effect.logWarning
    yield* log(`${error.message}${hint}; no offset moves, next try in ${Math.round(wait_ms / 100) / 10} s`).pipe(
      Effect.annotateLogs({ failures }),
    )
    yield* Effect.sleep(wait_ms)
  })

  const outage = makeOutage({ ...options, post: postUntilAnswered, early })

  return { deliver }
}

/**
 * The error when other events might pass. A 413 in a proxy's words may be about the size of the request: smaller ones are tried, but no
 * event is given up for it.
 */
const refusalIn = (error: IntakeError | ConfigError, events: number): IntakeError | undefined =>
  error._tag === "IntakeError" &&
  (error.reason === "refused" || (error.reason === "too_large" && (error.own_words || events > 1)))
    ? error
    : undefined

const rejectOf = (batch: Batch, index: number, refusal: IntakeError): Reject => {
  const raw = batch.raw(index)
  const reason = refusal.reason === "too_large" ? "too_large_for_intake" : "refused_by_intake"
  return { reason, detail: refusal.message, offset: batch.offsets[index]!, raw, bytes: raw.length }
}
