import { describe, expect } from "bun:test"
import { Effect, Redacted, Result } from "effect"
import { TestClock } from "effect/testing"
import { answer, broken, during, effect, falconOn, get, ok, scripted, token } from "./support.ts"

const value = Effect.map<Redacted.Redacted<string>, string>(Redacted.value)
const MINUTE = 60_000

describe("when the token endpoint refuses", () => {
  for (const status of [400, 401, 403]) {
    effect(`${status} means wrong credentials: asked once, and once more after 5 s`, () =>
      Effect.gen(function* () {
        const body = { errors: [{ code: status, message: "access denied" }], meta: { trace_id: "t-1" } }
        const http = scripted(
          () => ok(),
          () => answer(status, body),
        )
        const { falcon, auth } = yield* falconOn(http)
        const callers = Array.from({ length: 20 }, () => Effect.flip(falcon.request(get())))
        const errors = yield* Effect.all(callers, { concurrency: "unbounded" })
        expect(new Set(errors.map((error) => error.reason))).toEqual(new Set(["unauthorized"]))
        expect(errors[0]).toMatchObject({ operation: "token", status, trace_id: "t-1" })
        expect(errors[0]?.message).toContain("access denied; check client_id and client_secret")
        expect(http.asked.length).toBe(1)
        yield* TestClock.adjust(4_900)
        yield* Effect.flip(auth.bearer)
        expect(http.asked.length).toBe(1)
        yield* TestClock.adjust(100)
        yield* Effect.flip(auth.bearer)
        expect(http.asked.length).toBe(2)
      }),
    )
  }

  effect("5xx, resets and refused connections are tried 5 more times, then everybody learns of the failure", () =>
    Effect.gen(function* () {
      const replies = [answer(500), broken("reset"), broken("refused"), broken("timeout"), answer(503), answer(502)]
      const http = scripted(
        () => ok(),
        (_, n) => replies[n] ?? token(n),
      )
      const { auth } = yield* falconOn(http)
      const all = yield* during(
        5 * MINUTE,
        Effect.all(
          Array.from({ length: 5 }, () => Effect.flip(auth.bearer)),
          { concurrency: "unbounded" },
        ),
      )
      expect(Result.getOrThrow(all).map((error) => error.reason)).toEqual(Array(5).fill("unavailable"))
      expect(http.asked.length).toBe(6)
    }),
  )

  effect("429 waits for the time that Falcon names", () =>
    Effect.gen(function* () {
      const http = scripted(
        () => ok(),
        (_, n) => (n === 0 ? answer(429, {}, { "x-ratelimit-retryafter": "40" }) : token(n)),
      )
      const { auth } = yield* falconOn(http)
      expect(Result.isSuccess(yield* during(MINUTE, auth.bearer))).toBe(true)
      expect(http.asked.map((request) => request.at_ms)).toEqual([0, 40_000])
    }),
  )

  effect("a renewal that fails leaves the old token in use until it expires", () =>
    Effect.gen(function* () {
      const http = scripted(
        () => ok(),
        (_, n) => (n === 0 ? token(0) : answer(500)),
      )
      const { auth } = yield* falconOn(http)
      const first = yield* value(auth.bearer)
      yield* TestClock.adjust(26 * MINUTE)
      expect(yield* value(auth.bearer)).toBe(first)
      expect(yield* value(auth.bearer)).toBe(first)
      expect(http.asked.length).toBe(2)
      yield* TestClock.adjust(4 * MINUTE)
      const late = yield* during(5 * MINUTE, Effect.flip(auth.bearer))
      expect(Result.getOrThrow(late).reason).toBe("unavailable")
    }),
  )
})

describe("renewing", () => {
  effect("gives a new token once, however many callers were refused", () =>
    Effect.gen(function* () {
      const http = scripted(() => ok())
      const { auth } = yield* falconOn(http)
      const old = yield* auth.bearer
      const renewed = yield* Effect.all(
        Array.from({ length: 10 }, () => value(auth.renew(old))),
        { concurrency: "unbounded" },
      )
      expect(new Set(renewed).size).toBe(1)
      expect(renewed[0]).not.toBe(Redacted.value(old))
      expect(http.asked.length).toBe(2)
    }),
  )

  effect("goes at most 10 times a second", () =>
    Effect.gen(function* () {
      const http = scripted(() => ok())
      const { auth } = yield* falconOn(http)
      const renewals = Effect.gen(function* () {
        for (let n = 0; n < 31; n++) yield* auth.renew(yield* auth.bearer)
      })
      yield* during(10_000, renewals)
      const times = http.asked.map((request) => request.at_ms)
      for (const start of times) {
        expect(times.filter((at) => at >= start && at < start + 1_000).length).toBeLessThanOrEqual(10)
      }
    }),
  )
})
