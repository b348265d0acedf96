/** How long to wait before trying again. */
import { Effect, Random } from "effect"
import { retry } from "../../limits.ts"

/**
 * Milliseconds to wait before retry number `attempt`, which counts from 1: 1 s, 2 s, 4 s ... never above `cap_ms`.
 * Half of it is drawn, so that many clients which failed together do not come back together.
 */
export const backoffMs = (attempt: number, cap_ms: number = retry.backoff_ms_max): Effect.Effect<number> =>
  Effect.map(Random.next, (drawn) => {
    const full_ms = Math.min(cap_ms, retry.backoff_ms * 2 ** Math.min(Math.max(attempt, 1) - 1, 30))
    return Math.round(full_ms / 2 + (full_ms / 2) * drawn)
  })

/**
 * Milliseconds to wait before retry number `attempt` of something that a server refused: {@link backoffMs}, or what the server
 * asked for (`retryAfterMs`) or `least_ms` where that is longer. So an answer can lengthen our wait and never shorten it: servers
 * answer `Retry-After: 0`, and times that are over by a clock that is ahead. Never above `retry.retry_after_ms_max`.
 */
export const waitMs = (attempt: number, asked_ms: number | undefined, least_ms = 0): Effect.Effect<number> =>
  Effect.map(backoffMs(attempt), (backoff_ms) => {
    const asked = asked_ms === undefined || Number.isNaN(asked_ms) ? 0 : asked_ms
    return Math.min(Math.max(backoff_ms, least_ms, asked), retry.retry_after_ms_max)
  })
