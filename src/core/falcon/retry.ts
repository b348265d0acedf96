/** Trying again, for the API and the token endpoint alike. */
import { Effect, Result } from "effect"
import { waitMs } from "../http/backoff.ts"
import { retry } from "../limits.ts"
import type { FalconError, FalconReason } from "./errors.ts"
import type { FalconEvents } from "./observer.ts"
import type { Operation } from "./operation.ts"

/** Certainly nothing has happened: a 429 refuses, and an unreachable server knows of nothing. Safe for any method. */
const NOTHING_HAPPENED: readonly FalconReason[] = ["rate_limited", "unreachable"]
/** Only idempotent calls fail with these, the others with `outcome_unknown`. */
const TRANSIENT: readonly FalconReason[] = ["unavailable", "timeout"]

/**
 * Runs `once` until it succeeds, fails in a way that will not mend itself, or has been repeated `retries_max` times. Waits
 * with backoff in between, longer when a 5xx names a time; after a 429 the rate limit that `once` takes from does the waiting.
 */
export const tryAgain = Effect.fnUntraced(function* <A>(
  operation: Operation,
  once: Effect.Effect<A, FalconError>,
  retries_max: number,
  observer: FalconEvents,
): Effect.fn.Return<A, FalconError> {
  for (let attempt = 1; ; attempt++) {
    const result = yield* Effect.result(once)
    if (Result.isSuccess(result)) return result.success
    const error = result.failure
    if (attempt > retries_max || !mayRepeat(operation, error)) return yield* error
    yield* observer.onRetry(operation.name, error.reason)
    if (error.reason !== "rate_limited") {
      yield* Effect.sleep(yield* waitMs(attempt, error.retry_after_ms))
    }
  }
})

/** How often `operation` may be repeated. */
export const retriesOf = (operation: Operation): number => (operation.retry === "none" ? 0 : retry.attempts_max)

/** A failed token request, which has its own retries, is not this operation's to repeat. */
const mayRepeat = (operation: Operation, error: FalconError): boolean =>
  error.operation === operation.name && (NOTHING_HAPPENED.includes(error.reason) || TRANSIENT.includes(error.reason))
