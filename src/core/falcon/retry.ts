/** Repeats failed calls, of the API and of the token endpoint. */
import { Effect, Metric, Result } from "effect"
import { FailedTry } from "../failed-try.ts"
import { waitMs } from "../http/client/backoff.ts"
import { retry } from "../limits.ts"
import { OneTry } from "../one-try.ts"
import { metrics } from "../telemetry/metrics.ts"
import type { FalconError, FalconReason } from "./errors.ts"
import type { Operation } from "./operation.ts"

/** Reasons after which certainly nothing has happened, so that any method may be repeated. */
const nothing_happened: readonly FalconReason[] = ["rate_limited", "unreachable"]
/** Reasons of idempotent calls only: others fail with `outcome_unknown` in their place. */
const transient: readonly FalconReason[] = ["unavailable", "timeout"]

/**
 * Runs `tryOnce` until it succeeds, fails for a reason that a repetition cannot mend, or has been repeated `retries_max` times;
 * within {@link OneTry} not at all.
 * `tryOnce` is told whether an earlier try may have been carried out. Tells {@link FailedTry}, and waits with backoff in between, longer when a 5xx names a time. After a 429 the rate limit inside `tryOnce` does the waiting.
 */
export const withRetries = Effect.fnUntraced(function* <A>(
  operation: Operation,
  tryOnce: (in_doubt: boolean) => Effect.Effect<A, FalconError>,
  retries_max: number,
): Effect.fn.Return<A, FalconError> {
  const most = (yield* OneTry) ? 0 : retries_max
  let in_doubt = false
  for (let attempt = 1; ; attempt++) {
    const result = yield* Effect.result(tryOnce(in_doubt))
    if (Result.isSuccess(result)) return result.success
    const error = result.failure
    if (attempt > most || !mayRepeat(operation, error)) return yield* error
    in_doubt ||= transient.includes(error.reason)
    const labels = { operation: operation.name, reason: error.reason }
    yield* Metric.update(Metric.withAttributes(metrics.falcon_retries, labels), 1)
    if (error.reason !== "rate_limited") {
      yield* (yield* FailedTry)(error)
      yield* Effect.sleep(yield* waitMs(attempt, error.retry_after_ms))
    }
  }
})

/** How many times `operation` may be repeated. */
export const retriesOf = (operation: Operation): number => (operation.retry === "none" ? 0 : retry.attempts_max)

/** A failed token request, which has its own retries, is not this operation's to repeat. */
const mayRepeat = (operation: Operation, error: FalconError): boolean =>
  error.operation === operation.name && (nothing_happened.includes(error.reason) || transient.includes(error.reason))
