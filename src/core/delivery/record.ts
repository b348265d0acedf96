/** Writing dead letters, however long the disk takes for it. */
import { Effect, Fiber } from "effect"
import type { StoreError } from "../errors.ts"
import type { HealthCell } from "../telemetry/health.ts"
import { RepeatsAs } from "../telemetry/repeats.ts"
import { waitAfter } from "../wait-policy.ts"
import type { DeadLetters } from "./dead-letters.ts"
import { outage as limits } from "./limits.ts"
import type { Reject, RejectReason } from "./lines/batch.ts"

interface RecordOptions {
  readonly dead_letters: DeadLetters["Service"]
  readonly partition: string
  readonly health: HealthCell
  readonly observer: { readonly onDeadLetter: (reason: RejectReason, count: number) => Effect.Effect<void> }
}

/** Makes the function that records events; a full disk must not lose one either, so it tries until it works. */
export const makeRecord = ({ dead_letters, partition, health, observer }: RecordOptions) =>
  Effect.fnUntraced(function* (rejects: readonly Reject[]) {
    if (rejects.length === 0) return
    yield* untilStored(dead_letters.add(partition, rejects), health)
    for (const [reason, group] of Map.groupBy(rejects, (reject) => reject.reason)) {
      yield* logDeadLetters(group)
      yield* observer.onDeadLetter(reason, group.length)
    }
  })

/** One line for all of a batch and reason, the first as an example; a flood of them is summed up further by the logger. */
const logDeadLetters = (rejects: readonly Reject[]): Effect.Effect<void> => {
  const { reason, detail, offset, bytes } = rejects[0]!
  const more = rejects.length === 1 ? "it is kept" : `it and ${rejects.length - 1} more of its batch are kept`
  return Effect.logWarning(`dead letter: ${detail}; ${more}, delivery goes on`).pipe(
    Effect.annotateLogs({ reason, bytes, ...(offset < 0 ? {} : { offset }) }),
    Effect.provideService(RepeatsAs, `dead letters: ${reason}`),
  )
}

/** Repeats a write until it succeeds; health says what stands in the way, be it an error or a disk that does not answer. */
export const untilStored = Effect.fnUntraced(function* (write: Effect.Effect<void, StoreError>, health: HealthCell) {
  let is_told = false
  const tellSlow = Effect.gen(function* () {
    yield* Effect.sleep(limits.unanswered_ms_max)
    const detail = `the data folder: no answer to a write for more than ${limits.unanswered_ms_max / 1_000} s; no offset moves`
    is_told = true
    yield* health.set("degraded", detail)
    yield* Effect.logWarning(detail)
  })
  for (let failures = 1; ; failures++) {
    const watch = yield* Effect.forkChild(tellSlow)
    const error = yield* write.pipe(
      Effect.as(undefined),
      Effect.catchTag("StoreError", (failed) => Effect.succeed(failed)),
    )
    yield* Fiber.interrupt(watch)
    if (error === undefined) {
      if (failures > 1 || is_told) yield* health.set("ok", "")
      return
    }
    yield* waitAfter({
      recovery: "retry",
      failures,
      message: `${error.message}; no offset moves`,
      level: "error",
      health,
      tell: () => ["failed", `the data folder cannot be written: ${error.message}`],
    })
  }
})
