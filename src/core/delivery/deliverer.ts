/**
 * Gets a batch to its destination, however long that takes: retries for ever, bisects a refused batch to the poison event, which
 * goes to the dead letters. When `deliver` returns, every event of the batch is taken or recorded.
 *
 * A destination that refuses one event after the other and takes none is down, and no event is at fault (`outage.ts`).
 */
import { Effect } from "effect"
import { stopwatch } from "../monotonic.ts"
import type { HealthCell } from "../telemetry/health.ts"
import { waitAfter } from "../wait-policy.ts"
import type { DeadLetters } from "./dead-letters.ts"
import type { DeliveryError, Destination } from "./destination.ts"
import { outage as limits } from "./limits.ts"
import type { Batch, Reject, RejectReason } from "./lines/batch.ts"
import { type Ahead, makeOutage, type Open, type Posting } from "./outage.ts"
import { makeRecord } from "./record.ts"
import { Remaining } from "./remaining.ts"
import type { Standing } from "./standing.ts"

/** What the deliverer tells while it works; metrics listen. */
export interface DelivererObserver {
  readonly onPosted: (events: number, bytes: number, duration_ms: number) => Effect.Effect<void>
  /** Events of a post that the destination has taken without acknowledging them one by one. */
  readonly onUnacknowledged: (events: number) => Effect.Effect<void>
  readonly onRetry: (reason: string) => Effect.Effect<void>
  readonly onDeadLetter: (reason: RejectReason, count: number) => Effect.Effect<void>
}

export interface DelivererOptions {
  readonly destination: Destination
  readonly dead_letters: DeadLetters["Service"]
  /** Root URL of the stream. */
  readonly partition: string
  /** Shared by all deliverers of the partition. */
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
  const { destination, standing, health, observer } = options
  const record = makeRecord(options)
  /** Events of batches that wait, posted before their turn to probe the destination. */
  const early = new Map<Batch, Remaining>()
  /** How long each post that is in flight has had no answer, the oldest first. */
  const unanswered = new Set<() => number>()
  health.describe(() => {
    const [waitedMs = () => 0] = unanswered
    const waited_ms = waitedMs()
    if (waited_ms < limits.unanswered_ms_max) return { status: "ok", detail: "" }
    const detail = `${destination.name}: no answer to a post for ${Math.floor(waited_ms / 1_000)} s`
    return { status: "degraded", detail }
  })

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
        yield* postSuspectsAgain(open)
        continue
      }
      const refusal = yield* postUntilAnswered(batch, range.from, range.to)
      if (refusal === undefined) {
        standing.took(batch, range.to - 1)
        yield* postSuspectsAgain(open)
      } else if (range.to - range.from > 1) remaining.halve(range)
      else if (standing.refused(batch, range.from)) yield* record([rejectOf(batch, range.from, refusal)])
      else open.suspects.push({ index: range.from, refusal })
    }
  })

  /** The destination takes events: what it refused before may go now, and what it refuses again is a poison event. */
  const postSuspectsAgain = Effect.fnUntraced(function* ({ batch, suspects }: Open) {
    const poison: Reject[] = []
    for (const { index } of suspects) {
      const refusal = yield* postUntilAnswered(batch, index, index + 1)
      if (refusal !== undefined) poison.push(rejectOf(batch, index, refusal))
    }
    yield* record(poison)
    suspects.length = 0
  })

  /** Posts until the destination has taken the events, or has refused them for what they are. */
  const postUntilAnswered: Posting = Effect.fnUntraced(function* (batch, from, to) {
    for (let failures = 0; ; ) {
      const elapsedMs = yield* stopwatch
      unanswered.add(elapsedMs)
      const ended = Effect.sync(() => unanswered.delete(elapsedMs))
      const result = yield* Effect.ensuring(postOnce(batch, from, to), ended)
      if (typeof result === "number") {
        yield* tellTaken(batch, from, to, result, elapsedMs())
        if (failures > 0) yield* Effect.logInfo(`the ${destination.name} takes events again after ${failures} failures`)
        return undefined
      }
      if (result.recovery === "bisect") return result
      failures++
      yield* observer.onRetry(result.reason)
      yield* wait(result, failures, elapsedMs())
    }
  })

  const postOnce = (batch: Batch, from: number, to: number): Effect.Effect<number | DeliveryError> =>
    destination.head.pipe(
      Effect.flatMap((head) => destination.post(batch.body(head, from, to), to - from)),
      Effect.catchTag("DeliveryError", (error) => Effect.succeed(error)),
    )

  /** Tells metrics and health of events that the destination has taken. */
  const tellTaken = Effect.fnUntraced(function* (
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
    const detail = `the ${destination.name} took ${events} events and acknowledged ${acknowledged} of them`
    yield* health.set("degraded", detail)
    yield* Effect.logWarning(`${detail}; which ones it left out it does not say, delivery goes on`)
  })

  /** Says why delivery stands still, and waits as long as it makes sense for that reason. `post_ms`: what the post took. */
  const wait = Effect.fnUntraced(function* (error: DeliveryError, failures: number, post_ms: number) {
    const { recovery, retry_after_ms, config_keys = [], message } = error
    const needs_person = recovery === "operator" || config_keys.length > 0
    const hint = config_keys.length > 0 ? `; check ${config_keys.join(", ")}` : ""
    const detail = `${destination.name} blocked: ${message}${hint}`
    yield* waitAfter({
      recovery: recovery === "bisect" ? "retry" : recovery,
      failures,
      retry_after_ms,
      message: `${message}${hint}; no offset moves`,
      level: needs_person ? "error" : "warning",
      health,
      tell: (wait_ms) => {
        if (needs_person) return ["failed", detail]
        const is_short = wait_ms < limits.silent_wait_ms_max && post_ms < limits.unanswered_ms_max
        return is_short && failures <= limits.silent_failures_max ? undefined : ["degraded", detail]
      },
    }).pipe(Effect.annotateLogs({ failures }))
  })

  const outage = makeOutage({ ...options, name: destination.name, post: postUntilAnswered, early })

  return { deliver }
}

const rejectOf = (batch: Batch, index: number, { dead_letter, message }: DeliveryError): Reject => {
  const raw = batch.raw(index)
  const reason = dead_letter ?? "refused_by_intake"
  return { reason, detail: message, offset: batch.offsets[index]!, raw, bytes: raw.length }
}
