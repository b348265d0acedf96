/** How fast one tenant's API, or its token endpoint, may be called. */
import { Clock, Effect, Metric, Semaphore } from "effect"
import { waitMs } from "../http/client/backoff.ts"
import type { HttpAnswer } from "../http/client/http.ts"
import { retryAfterMs } from "../http/client/retry-after.ts"
import { retry } from "../limits.ts"
import { monotonicMs } from "../monotonic.ts"
import { metrics } from "../telemetry/metrics.ts"
import { falcon } from "./limits.ts"
import { ownPace, type Pace, type Rate, refillMs } from "./pace.ts"

/** One rate budget, shared by all calls of a tenant. */
export interface RateLimit {
  /** Waits until one request may go. */
  readonly take: Effect.Effect<void>
  /**
   * Reads the budget from the answer to a call of this name. After a 429, which it counts, all requests wait until the time that
   * Falcon named (60 s when it named none), and at least for a backoff that grows with every further 429 in a row.
   */
  readonly learn: (operation: string, answer: HttpAnswer) => Effect.Effect<void>
}

/** What an answer said about the tenant's budget for the minute. */
interface Budget {
  readonly remaining: number
  readonly limit: number
  readonly read_at_ms: number
}

/**
 * At most `per_second_max` in any second, hence 6000 in any minute at 100/s: a token bucket of `burst_max` that refills with
 * the rest of the rate.
 *
 * The budget belongs to the tenant, not to us: Falcon counts everyone who uses its API (gofalcon issue 364) and says in
 * `X-RateLimit-Remaining` what is left. When little is left the gap between two requests grows, see `gapMs`; a request
 * with a long gap takes as many tokens as would have been refilled in it.
 *
 * The enrichment takes from a second, smaller bucket before this one.
 */
export const makeRateLimit = Effect.fnUntraced(function* (
  rate: Rate & {
    /** What answers say of the budget is the tenant's, for metrics; the token endpoint may speak of another one. */
    readonly is_tenants?: boolean
    /** In place of a bucket of this process' own. */
    readonly pace?: Pace | undefined
  },
) {
  const clock = yield* Clock.Clock
  const turn = yield* Semaphore.make(1)
  const pace = rate.pace ?? (yield* ownPace(rate))
  const refill_ms = refillMs(rate)
  let held_until_ms = Number.NEGATIVE_INFINITY
  let limited_in_row = 0
  let budget: Budget | undefined
  const heldMs = () => Math.max(held_until_ms, pace.heldUntilMs()) - monotonicMs(clock)

  const next = Effect.gen(function* () {
    for (;;) {
      const held_ms = heldMs()
      if (held_ms > 0) yield* Effect.sleep(held_ms)
      const tokens = Math.max(1, Math.round(gapMs(budget, yield* Clock.currentTimeMillis) / refill_ms))
      yield* pace.pay(tokens)
      // Another request may have got a 429 in the meantime.
      if (heldMs() <= 0) return
    }
  })

  const learn = Effect.fnUntraced(function* (operation: string, answer: HttpAnswer) {
    const now_ms = yield* Clock.currentTimeMillis
    const told = budgetOf(answer, now_ms)
    if (told !== undefined) budget = told
    if (told !== undefined && rate.is_tenants === true) {
      yield* Metric.update(metrics.falcon_budget_remaining, told.remaining)
      yield* Metric.update(metrics.falcon_budget_limit, told.limit)
    }
    const held = monotonicMs(clock) < held_until_ms
    // An answer to a request sent before the wait began says nothing about the time after it.
    if (!held) limited_in_row = answer.status === 429 ? limited_in_row + 1 : 0
    if (answer.status !== 429) return
    const asked_ms = retryAfterMs(answer.headers, now_ms) ?? retry.rate_limited_ms
    const wait_ms = yield* waitMs(limited_in_row, asked_ms, retry.backoff_ms)
    held_until_ms = Math.max(held_until_ms, monotonicMs(clock) + wait_ms)
    yield* pace.hold(wait_ms)
    yield* Metric.update(Metric.withAttributes(metrics.falcon_rate_limit_waits, { operation }), 1)
    yield* Metric.update(metrics.falcon_rate_limit_seconds, wait_ms / 1_000)
  })

  // One request at a time, so that each uses the budget as it is known when its turn comes.
  return { take: turn.withPermit(next), learn } satisfies RateLimit
})

/** Milliseconds between two requests when the budget runs low; 0 when it does not, or when the reading is too old. */
const gapMs = (budget: Budget | undefined, now_ms: number): number => {
  if (budget === undefined || now_ms - budget.read_at_ms >= falcon.budget_window_ms) return 0
  const last = falcon.budget_last.find((step) => budget.remaining <= step.remaining_max)
  if (last !== undefined) return last.gap_ms
  return budget.remaining < budget.limit * falcon.budget_low_share ? falcon.budget_low_gap_ms : 0
}

/** A 401 speaks of another budget: 15 a minute per source address for bad tokens (gofalcon issue 364). */
const budgetOf = (answer: HttpAnswer, now_ms: number): Budget | undefined => {
  if (answer.status === 401) return undefined
  const remaining = whole(answer.headers.get("x-ratelimit-remaining"))
  const limit = whole(answer.headers.get("x-ratelimit-limit"))
  if (remaining === undefined) return undefined
  return { remaining, limit: limit ?? falcon.tenant_per_minute_max, read_at_ms: now_ms }
}

const whole = (value: string | null): number | undefined =>
  value !== null && /^\d{1,15}$/.test(value.trim()) ? Number(value) : undefined
