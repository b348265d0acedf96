/**
 * Gets a batch to the intake, however long that takes: retries for ever, cuts a refused batch in halves until the guilty
 * event stands alone and goes to the dead letters. When `deliver` returns, every event of the batch is taken or recorded.
 */
import { Clock, Effect } from "effect"
import type { ConfigError, StoreError } from "../errors.ts"
import { backoffMs, waitMs } from "../http/backoff.ts"
import { intake as limits } from "../limits.ts"
import type { Intake, IntakeError } from "../sekoia/intake.ts"
import type { HealthCell } from "../telemetry/health.ts"
import { RepeatsAs } from "../telemetry/repeats.ts"
import type { Batch, Reject, RejectReason } from "./batch.ts"
import type { DeadLetters } from "./dead-letters.ts"

/** What the sink tells while it works; metrics listen. */
export interface SinkObserver {
  readonly onPosted: (events: number, bytes: number, duration_ms: number) => Effect.Effect<void>
  readonly onRetry: (reason: string) => Effect.Effect<void>
  readonly onDeadLetter: (reason: RejectReason, count: number) => Effect.Effect<void>
}

export interface SinkOptions {
  readonly intake: Intake
  readonly dead_letters: DeadLetters["Service"]
  /** Root URL of the stream. */
  readonly partition: string
  readonly health: HealthCell
  readonly observer: SinkObserver
}

export interface Sink {
  /** Never fails; interruption gives up, and the batch then counts as undelivered. */
  readonly deliver: (batch: Batch) => Effect.Effect<void>
}

export const makeSink = (options: SinkOptions): Sink => {
  const { intake, dead_letters, partition, health, observer } = options

  const deliver = Effect.fnUntraced(function* (batch: Batch) {
    yield* record(batch.rejects)
    if (batch.count > 0) yield* deliverRange(batch, 0, batch.count)
  })

  const deliverRange = (batch: Batch, from: number, to: number): Effect.Effect<void> =>
    Effect.gen(function* () {
      const refusal = yield* postUntilAnswered(batch, from, to)
      if (refusal === undefined) return
      if (to - from === 1) return yield* deadLetter(batch, from, refusal)
      const middle = from + Math.ceil((to - from) / 2)
      yield* deliverRange(batch, from, middle)
      yield* deliverRange(batch, middle, to)
    })

  /** Posts until the intake has taken the events, or has refused them for what they are. */
  const postUntilAnswered = Effect.fnUntraced(function* (batch: Batch, from: number, to: number) {
    for (let failures = 0; ; ) {
      const began_ms = yield* Clock.currentTimeMillis
      const error = yield* postOnce(batch, from, to)
      if (error === undefined) {
        const duration_ms = (yield* Clock.currentTimeMillis) - began_ms
        yield* observer.onPosted(to - from, batch.size(from, to), duration_ms)
        if (failures > 0) yield* Effect.logInfo(`the intake takes events again after ${failures} failures`)
        yield* health.set("ok", "")
        return undefined
      }
      if (error._tag === "IntakeError" && (error.reason === "refused" || error.reason === "too_large")) return error
      failures++
      yield* observer.onRetry(error._tag === "IntakeError" ? error.reason : "no_key")
      yield* wait(error, failures)
    }
  })

  const postOnce = (batch: Batch, from: number, to: number): Effect.Effect<IntakeError | ConfigError | undefined> =>
    intake.prefix.pipe(
      Effect.flatMap((prefix) => intake.post(batch.body(prefix, from, to))),
      Effect.as(undefined),
      Effect.catchTag(["IntakeError", "ConfigError"], (error) => Effect.succeed(error)),
    )

  /** Says why delivery stands still, and waits as long as it makes sense for that reason. */
  const wait = Effect.fnUntraced(function* (error: IntakeError | ConfigError, failures: number) {
    const hopeless = error._tag === "ConfigError" || error.reason === "wrong_key" || error.reason === "misconfigured"
    const asked_ms = error._tag === "IntakeError" ? error.retry_after_ms : undefined
    const patient = hopeless || (error._tag === "IntakeError" && error.reason === "not_ready")
    const wait_ms = yield* waitMs(failures, asked_ms, patient ? limits.refused_ms : 0)
    const hint = hopeless ? "; check plugins.event-stream.intake_key and intake_url" : ""
    const detail = `intake blocked: ${error.message}${hint}`
    if (hopeless) yield* health.set("failed", detail)
    else if (failures > limits.silent_failures_max || wait_ms >= limits.silent_wait_ms_max)
      yield* health.set("degraded", detail)
    const log = hopeless ? Effect.logError : Effect.logWarning
    yield* log(`${error.message}${hint}; no offset moves, next try in ${Math.round(wait_ms / 100) / 10} s`).pipe(
      Effect.annotateLogs({ failures }),
    )
    yield* Effect.sleep(wait_ms)
  })

  const deadLetter = Effect.fnUntraced(function* (batch: Batch, index: number, refusal: IntakeError) {
    const raw = batch.raw(index)
    const reason = refusal.reason === "too_large" ? "too_large_for_intake" : "refused_by_intake"
    yield* record([{ reason, detail: refusal.message, offset: batch.offsets[index]!, raw, bytes: raw.length }])
  })

  /** A full disk must not lose an event either: tried until it works. */
  const record = Effect.fnUntraced(function* (rejects: Batch["rejects"]) {
    if (rejects.length === 0) return
    yield* untilStored(dead_letters.add(partition, rejects), health)
    const reasons = Map.groupBy(rejects, (reject) => reject.reason)
    for (const [reason, group] of reasons) {
      yield* tellDeadLetters(group)
      yield* observer.onDeadLetter(reason, group.length)
    }
  })

  return { deliver }
}

/** One line for all of a batch and reason, the first as an example; a flood of them is summed up further by the logger. */
const tellDeadLetters = (rejects: readonly Reject[]): Effect.Effect<void> => {
  const { reason, detail, offset, bytes } = rejects[0]!
  const more = rejects.length === 1 ? "it is kept" : `it and ${rejects.length - 1} more of its batch are kept`
  return Effect.logWarning(`dead letter: ${detail}; ${more}, delivery goes on`).pipe(
    Effect.annotateLogs({ reason, bytes, ...(offset < 0 ? {} : { offset }) }),
    Effect.provideService(RepeatsAs, `dead letters: ${reason}`),
  )
}

/** Repeats a write until it succeeds; health says what stands in the way. */
export const untilStored = Effect.fnUntraced(function* (write: Effect.Effect<void, StoreError>, health: HealthCell) {
  for (let failures = 1; ; failures++) {
    const error = yield* write.pipe(
      Effect.as(undefined),
      Effect.catchTag("StoreError", (failed) => Effect.succeed(failed)),
    )
    if (error === undefined) {
      if (failures > 1) yield* health.set("ok", "")
      return
    }
    const wait_ms = yield* backoffMs(failures)
    yield* health.set("failed", `the data folder cannot be written: ${error.message}`)
    yield* Effect.logError(`${error.message}; no offset moves, next try in ${Math.round(wait_ms / 100) / 10} s`)
    yield* Effect.sleep(wait_ms)
  }
})
