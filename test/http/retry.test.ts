import { describe, expect } from "bun:test"
import { Effect, Layer, Metric, Result } from "effect"
import { Falcon, failWhenEmpty } from "../../src/core/falcon/client.ts"
import { layerFalcon } from "../../src/core/falcon/layer.ts"
import { metrics } from "../../src/core/telemetry/metrics.ts"
import {
  answer,
  broken,
  credentials,
  during,
  effect,
  falconOn,
  get,
  HOUR,
  ok,
  play,
  reasonOf,
  type Script,
  SECRET,
  scripted,
  TOKEN_PREFIX,
  token,
  write,
} from "./support.ts"

describe("trying again", () => {
  effect("an idempotent call is repeated 5 times after a 5xx, a timeout and a reset, with growing waits", () =>
    Effect.gen(function* () {
      const stuck = Effect.never as Effect.Effect<never>
      const replies = [answer(500), answer(503), broken("reset"), broken("timeout"), stuck]
      const { result, calls } = yield* play(get(), (_, n) => replies[n] ?? ok("a"))
      expect(Result.isSuccess(result)).toBe(true)
      expect(calls.length).toBe(6)
      const waits = calls.slice(1).map((call, n) => call.at_ms - (calls[n]?.at_ms ?? 0))
      const expected_ms = [1_000, 2_000, 4_000, 8_000, 16_000 + 30_000]
      waits.forEach((wait_ms, n) => {
        expect(wait_ms).toBeLessThanOrEqual((expected_ms[n] ?? 0) + 20)
        expect(wait_ms).toBeGreaterThanOrEqual((expected_ms[n] ?? 0) / 2)
      })
    }),
  )

  effect("gives up after the fifth repetition and says why", () =>
    Effect.gen(function* () {
      const seen = [answer(500), broken("reset"), broken("timeout"), broken("refused")]
      for (const [reply, reason] of [
        [seen[0], "unavailable"],
        [seen[1], "unavailable"],
        [seen[2], "timeout"],
        [seen[3], "unreachable"],
      ] as const) {
        expect(yield* reasonOf(get(), () => reply ?? ok())).toEqual({ reason, calls: 6 })
      }
    }),
  )

  effect("a call that must not be repeated is not, after a 5xx, a timeout or a reset", () =>
    Effect.gen(function* () {
      for (const reply of [answer(500), answer(503), broken("timeout"), broken("reset")]) {
        expect(yield* reasonOf(write(), () => reply)).toEqual({ reason: "outcome_unknown", calls: 1 })
      }
    }),
  )

  effect("such a call is repeated when it certainly did not arrive, or was refused with 429", () =>
    Effect.gen(function* () {
      for (const reply of [broken("refused"), answer(429, {}, { "retry-after": "2" })]) {
        expect(yield* reasonOf(write(), (_, n) => (n < 5 ? reply : ok("a")))).toEqual({ reason: "success", calls: 6 })
      }
    }),
  )

  effect("a 503 that names a time is not repeated earlier", () =>
    Effect.gen(function* () {
      const { calls } = yield* play(get(), (_, n) => (n === 0 ? answer(503, {}, { "retry-after": "90" }) : ok()))
      expect(calls[1]?.at_ms).toBe(90_000)
    }),
  )

  effect("an operation without retries is tried once", () =>
    Effect.gen(function* () {
      for (const reply of [answer(500), answer(429), broken("refused")]) {
        expect((yield* reasonOf(get({ retry: "none" }), () => reply)).calls).toBe(1)
      }
    }),
  )

  effect("its own time limit governs one try", () =>
    Effect.gen(function* () {
      const { calls, result } = yield* play(get({ retry: "none", timeout_ms: 1_234 }), () => Effect.never)
      expect(calls[0]?.timeout_ms).toBe(1_234)
      expect(Result.getOrThrow(Result.flip(result)).reason).toBe("timeout")
    }),
  )

  effect("a failing token is not multiplied by the retries of the call", () =>
    Effect.gen(function* () {
      const http = scripted(
        () => ok(),
        () => answer(500),
      )
      const { falcon } = yield* falconOn(http)
      const result = yield* during(HOUR, falcon.request(get()))
      expect(Result.getOrThrow(Result.flip(result))).toMatchObject({ operation: "token", reason: "unavailable" })
      expect(http.asked.length).toBe(6)
    }),
  )

  effect("retries and 429 are counted, for the tenant and the operation", () =>
    Effect.gen(function* () {
      const labels = Layer.succeed(Metric.CurrentMetricAttributes, { tenant: "counted" })
      const operation = { tenant: "counted", operation: "hosts.list" }
      const count = <S extends { readonly count: number }>(metric: Metric.Metric<number, S>, by: object) =>
        Effect.map(Metric.value(Metric.withAttributes(metric, { ...by })), (state) => state.count)
      const replies = [answer(500), answer(429, {}, { "retry-after": "7" })]
      const layer = layerFalcon(credentials()).pipe(
        Layer.provide([scripted((_, n) => replies[n] ?? ok()).layer, labels]),
      )
      yield* during(
        HOUR,
        Effect.provide(
          Falcon.use((falcon) => falcon.request(get())),
          layer,
        ),
      )
      expect(yield* count(metrics.falcon_retries, { ...operation, reason: "unavailable" })).toBe(1)
      expect(yield* count(metrics.falcon_retries, { ...operation, reason: "rate_limited" })).toBe(1)
      expect(yield* count(metrics.falcon_rate_limit_waits, operation)).toBe(1)
      expect(yield* count(metrics.falcon_rate_limit_seconds, { tenant: "counted" })).toBe(7)
    }),
  )
})

describe("secrets", () => {
  effect("stay out of every error, even when Falcon repeats what it was sent", () =>
    Effect.gen(function* () {
      const echo = (request: { readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }) => ({
        errors: [{ code: 400, message: `you sent ${request.headers?.authorization} ${request.body}` }],
        resources: [`${request.headers?.authorization}`, `plain ${SECRET}`],
      })
      for (const status of [200, 400, 401, 403, 404, 410, 429, 500, 308]) {
        const api: Script = (request) =>
          answer(status, { ...echo(request), ...(status === 200 && { resources: [] }) }, { location: "https://x/?t=1" })
        for (const tokens of [(_: unknown, n: number) => token(n), (request: never) => answer(status, echo(request))]) {
          const { falcon } = yield* falconOn(scripted(api, tokens as Script))
          const url = "https://api.eu-1.crowdstrike.com/x?appId=query-secret"
          const called = Effect.flatMap(falcon.request(get({ url })), (envelope) => failWhenEmpty(get(), envelope))
          const result = yield* during(2 * HOUR, called)
          const error = Result.getOrThrow(Result.flip(result))
          const shown = JSON.stringify(error) + String(error) + error.message + Bun.inspect(error)
          for (const secret of [SECRET, encodeURIComponent(SECRET), TOKEN_PREFIX, "query-secret"]) {
            expect(shown.replaceAll(`plain ${SECRET}`, "")).not.toContain(secret)
          }
        }
      }
    }),
  )
})
