/** One cycle of an inventory within the time that a run of an action has. */
import { Cause, Clock, Effect, Exit } from "effect"
import type { CollectError, Collector } from "../../core/assets/collect.ts"
import type { Tally } from "../../core/assets/cycle-tally.ts"
import { needsPerson } from "../../core/assets/run.ts"
import { waitMs } from "../../core/http/client/backoff.ts"
import { monotonicMs } from "../../core/monotonic.ts"
import type { OnPremiseResults } from "../asset-arguments.ts"
import { on_premise as limits } from "../limits.ts"

/** What a run has done so far. */
export type Counted = Omit<OnPremiseResults, "has_more">

/**
 * Runs a cycle to its end, and resumes it where it fails for a while. Gives whether there is more: when the time is over, or would be
 * over before the next try. Fails when a person has to act, and after five failures in a row. Counts in `counted`.
 */
export const resumedCycle = Effect.fnUntraced(function* (
  collector: Pick<Collector, "cycle">,
  counted: Counted,
): Effect.fn.Return<boolean, CollectError> {
  const clock = yield* Clock.Clock
  const until_ms = monotonicMs(clock) + limits.run_ms_max
  for (let failures = 0; ; ) {
    const batches_before = counted.pushed_batches
    const cycle = collector.cycle({ onProgress: counting(counted) })
    const exit = yield* Effect.exit(Effect.timeoutOption(cycle, Math.max(0, until_ms - monotonicMs(clock))))
    if (Exit.isSuccess(exit)) return exit.value._tag === "None"
    const found = Cause.findErrorOption(exit.cause)
    if (found._tag === "None") return yield* Effect.failCause(exit.cause)
    const error = found.value
    failures = counted.pushed_batches > batches_before ? 1 : failures + 1
    if (error._tag === "SekoiaError") counted.failed_batches++
    if (needsPerson(error) || failures >= limits.failures_max) return yield* error
    const wait_ms = yield* waitMs(failures, "retry_after_ms" in error ? error.retry_after_ms : undefined)
    if (monotonicMs(clock) + wait_ms >= until_ms) return true
    yield* Effect.logWarning(`${error.message}; the cycle is resumed in ${Math.round(wait_ms / 1_000)} s`)
    yield* Effect.sleep(wait_ms)
  }
})

/** Adds what one cycle does to what the run has done. */
const counting = (counted: Counted) => {
  let sent = 0
  let read = 0
  return (tally: Tally) =>
    Effect.sync(() => {
      if (tally.sent > sent) counted.pushed_batches++
      counted.fetched += tally.read - read
      sent = tally.sent
      read = tally.read
    })
}
