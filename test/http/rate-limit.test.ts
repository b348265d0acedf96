import { describe, expect } from "bun:test"
import { Clock, Effect } from "effect"
import { makeRateLimit } from "../../src/core/falcon/rate-limit.ts"
import { answer, during, effect, falconOn, get, ok, scripted } from "./support.ts"

const API = { per_second_max: 100, burst_max: 10 }

/** When each of `count` simultaneous callers of `take` was let through. */
const letThrough = (take: Effect.Effect<void>, count: number) =>
  Effect.all(
    Array.from({ length: count }, () => Effect.andThen(take, Clock.currentTimeMillis)),
    { concurrency: "unbounded" },
  )

const most = (times: readonly number[], window_ms: number): number =>
  Math.max(...times.map((start) => times.filter((at) => at >= start && at < start + window_ms).length))

const spent = (remaining: number, limit = 6_000) =>
  answer(200, {}, { "x-ratelimit-remaining": String(remaining), "x-ratelimit-limit": String(limit) })

describe("the rate limit", () => {
  effect("lets at most 100 requests through in any second, and wastes little of it", () =>
    Effect.gen(function* () {
      const http = scripted(() => ok())
      const { falcon } = yield* falconOn(http)
      const requests = Array.from({ length: 1_000 }, () => falcon.request(get()))
      yield* during(20_000, Effect.all(requests, { concurrency: "unbounded" }))
      const times = http.calls.map((call) => call.at_ms)
      expect(times.length).toBe(1_000)
      expect(most(times, 1_000)).toBeLessThanOrEqual(100)
      expect(times.at(-1)).toBeLessThan(11_500)
    }),
  )

  effect("does not delay a few requests", () =>
    Effect.gen(function* () {
      const rate = yield* makeRateLimit(API)
      expect(yield* letThrough(rate.take, 10)).toEqual(Array(10).fill(0))
    }),
  )

  effect("keeps a tenant within 6000 requests in any minute", () =>
    Effect.gen(function* () {
      const rate = yield* makeRateLimit(API)
      const times: number[] = []
      const note = Effect.andThen(
        rate.take,
        Effect.map(Clock.currentTimeMillis, (now_ms) => void times.push(now_ms)),
      )
      yield* Effect.forkScoped(Effect.forever(note))
      yield* during(130_000, Effect.sleep(130_000))
      for (const start of times.filter((_, n) => n % 500 === 0)) {
        expect(times.filter((at) => at >= start && at < start + 60_000).length).toBeLessThanOrEqual(6_000)
      }
    }),
  )

  for (const [remaining, gap_ms] of [
    [500, 50],
    [10, 200],
    [5, 500],
    [0, 500],
  ] as const) {
    effect(`keeps requests ${gap_ms} ms apart when others have left ${remaining} of 6000`, () =>
      Effect.gen(function* () {
        const rate = yield* makeRateLimit(API)
        yield* rate.learn("hosts.list", spent(remaining))
        const result = yield* during(60_000, letThrough(rate.take, 12))
        const times = result._tag === "Success" ? result.success : []
        const gaps = times.slice(1).map((at, n) => at - (times[n] ?? 0))
        for (const gap of gaps.slice(3)) expect(Math.abs(gap - gap_ms)).toBeLessThan(15)
      }),
    )
  }

  effect("goes back to its pace when the budget is whole again, or when nothing was heard for a minute", () =>
    Effect.gen(function* () {
      const rate = yield* makeRateLimit(API)
      yield* rate.learn("hosts.list", spent(0))
      yield* rate.learn("hosts.list", spent(5_999))
      expect(yield* letThrough(rate.take, 10)).toEqual(Array(10).fill(0))
      yield* rate.learn("hosts.list", spent(0))
      yield* during(60_000, Effect.sleep(60_000))
      expect(yield* letThrough(rate.take, 10)).toEqual(Array(10).fill(60_000))
    }),
  )

  effect("pays no heed to the budget of bad tokens, nor to garbage", () =>
    Effect.gen(function* () {
      const rate = yield* makeRateLimit(API)
      yield* rate.learn("hosts.list", { ...spent(2, 15), status: 401 })
      yield* rate.learn("hosts.list", answer(200, {}, { "x-ratelimit-remaining": "few" }))
      expect(yield* letThrough(rate.take, 10)).toEqual(Array(10).fill(0))
    }),
  )
})

describe("after a 429", () => {
  for (const [name, headers, wait_ms] of [
    ["X-RateLimit-RetryAfter", { "x-ratelimit-retryafter": "25" }, 25_000],
    ["Retry-After", { "retry-after": "12" }, 12_000],
    ["neither header", {}, 60_000],
    ["a time that is past", { "x-ratelimit-retryafter": "0" }, 1_000],
  ] as const) {
    effect(`with ${name} everybody of that tenant waits ${wait_ms} ms, also who was queueing`, () =>
      Effect.gen(function* () {
        const http = scripted((_, n) => (n === 0 ? answer(429, {}, headers) : ok()))
        const { falcon } = yield* falconOn(http)
        const requests = Array.from({ length: 30 }, () => falcon.request(get()))
        yield* during(120_000, Effect.all(requests, { concurrency: "unbounded" }))
        const times = http.calls.map((call) => call.at_ms)
        expect(times.length).toBe(31)
        expect(times.filter((at) => at > 0 && at < wait_ms)).toEqual([])
        expect(times.filter((at) => at >= wait_ms).length).toBeGreaterThan(20)
      }),
    )
  }

  effect("times that are past do not make it ask faster and faster: the wait grows", () =>
    Effect.gen(function* () {
      const http = scripted(() => answer(429, {}, { "retry-after": "0" }))
      const { falcon } = yield* falconOn(http)
      yield* during(3_600_000, Effect.flip(falcon.request(get())))
      const times = http.calls.map((call) => call.at_ms)
      const gaps = times.slice(1).map((at_ms, n) => at_ms - times[n]!)
      expect(gaps.length).toBe(5)
      for (const [n, gap_ms] of gaps.entries()) expect(gap_ms).toBeGreaterThanOrEqual(Math.max(1_000, 500 * 2 ** n))
    }),
  )

  effect("another tenant goes on", () =>
    Effect.gen(function* () {
      const limited = yield* falconOn(scripted(() => answer(429)))
      const free = yield* falconOn(scripted(() => ok("a")))
      yield* Effect.forkScoped(limited.falcon.request(get()), { startImmediately: true })
      expect((yield* free.falcon.request(get())).resources).toEqual(["a"])
    }),
  )

  effect("the sixth 429 ends the call, and says when to come back", () =>
    Effect.gen(function* () {
      const http = scripted(() => answer(429))
      const { falcon } = yield* falconOn(http)
      const result = yield* during(3_600_000, Effect.flip(falcon.request(get())))
      expect(result).toMatchObject({ success: { reason: "rate_limited", retry_after_ms: 60_000 } })
      expect(http.calls.map((call) => call.at_ms)).toEqual([0, 60_000, 120_000, 180_000, 240_000, 300_000])
    }),
  )
})
