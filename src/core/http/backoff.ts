/** How long to wait before trying again. */
import { Effect, Random } from "effect"
import { retry } from "../limits.ts"

/**
 * Milliseconds to wait before retry number `attempt`, which counts from 1: 1 s, 2 s, 4 s ... never above `cap_ms`.
 * Half of it is drawn, so that many clients which failed together do not come back together.
 */
export const backoffMs = (attempt: number, cap_ms: number = retry.backoff_ms_max): Effect.Effect<number> =>
  Effect.map(Random.next, (drawn) => {
    const full_ms = Math.min(cap_ms, retry.backoff_ms * 2 ** Math.min(Math.max(attempt, 1) - 1, 30))
    return Math.round(full_ms / 2 + (full_ms / 2) * drawn)
  })
