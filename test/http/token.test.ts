import { describe, expect } from "bun:test"
import { Effect, Layer, Redacted, Result } from "effect"
import { TestClock } from "effect/testing"
import { FalconAuth } from "../../src/core/falcon/auth.ts"
import { layerFalcon } from "../../src/core/falcon/layer.ts"
import { answer, credentials, during, EU, effect, falconOn, ok, SECRET, scripted, token, write } from "./support.ts"

const value = Effect.map<Redacted.Redacted<string>, string>(Redacted.value)
const MINUTE = 60_000

describe("the token", () => {
  effect("is asked for with a form that holds id, secret and member_cid", () =>
    Effect.gen(function* () {
      const http = scripted(() => ok())
      const { auth } = yield* falconOn(http, { member_cid: "cid-9" })
      yield* auth.bearer
      const [request] = http.asked
      expect(request?.url).toBe(`${EU}/oauth2/token`)
      expect(request?.method).toBe("POST")
      expect(request?.headers?.["content-type"]).toBe("application/x-www-form-urlencoded")
      expect(Object.fromEntries(new URLSearchParams(String(request?.body)))).toEqual({
        client_id: "client-1",
        client_secret: SECRET,
        member_cid: "cid-9",
      })
    }),
  )

  effect("is asked for once by 50 callers at a time", () =>
    Effect.gen(function* () {
      const http = scripted(
        () => ok(),
        (_, n) => Effect.delay(Effect.succeed(token(n)), 500),
      )
      const { auth } = yield* falconOn(http)
      const tokens = yield* during(
        1_000,
        Effect.all(
          Array.from({ length: 50 }, () => value(auth.bearer)),
          { concurrency: "unbounded" },
        ),
      )
      expect(http.asked.length).toBe(1)
      expect(new Set(Result.getOrThrow(tokens)).size).toBe(1)
    }),
  )

  effect("survives that the caller who was asking is interrupted", () =>
    Effect.gen(function* () {
      const http = scripted(
        () => ok(),
        (_, n) => Effect.delay(Effect.succeed(token(n)), 500),
      )
      const { auth } = yield* falconOn(http)
      yield* during(100, Effect.timeoutOption(auth.bearer, 50))
      expect(Result.isSuccess(yield* during(1_000, auth.bearer))).toBe(true)
    }),
  )

  effect("is renewed when less than 5 minutes remain, and not before", () =>
    Effect.gen(function* () {
      const http = scripted(() => ok())
      const { auth } = yield* falconOn(http)
      const first = yield* value(auth.bearer)
      yield* TestClock.adjust(1_799_000 - 5 * MINUTE - 1)
      expect(yield* value(auth.bearer)).toBe(first)
      yield* TestClock.adjust(1)
      expect(yield* value(auth.bearer)).not.toBe(first)
      expect(http.asked.length).toBe(2)
    }),
  )

  effect("that lives 4 minutes is used for 2, not fetched for every call", () =>
    Effect.gen(function* () {
      const http = scripted(
        () => ok(),
        (_, n) => token(n, {}, 240),
      )
      const { auth } = yield* falconOn(http)
      for (let second = 0; second < 120; second++) {
        yield* auth.bearer
        yield* TestClock.adjust(1_000)
      }
      expect(http.asked.length).toBe(1)
      yield* auth.bearer
      expect(http.asked.length).toBe(2)
    }),
  )

  for (const expires_in of [undefined, "soon", -5, 0, Number.MAX_SAFE_INTEGER]) {
    effect(`with the lifetime ${expires_in} is neither fetched again at once nor kept for ever`, () =>
      Effect.gen(function* () {
        const http = scripted(
          () => ok(),
          (_, n) => token(n, {}, expires_in),
        )
        const { auth } = yield* falconOn(http)
        yield* auth.bearer
        yield* TestClock.adjust(10 * MINUTE)
        yield* auth.bearer
        expect(http.asked.length).toBe(1)
        yield* TestClock.adjust(24 * 60 * MINUTE)
        yield* auth.bearer
        expect(http.asked.length).toBe(2)
      }),
    )
  }

  effect("with a lifetime of next to nothing does not cost a request with every call", () =>
    Effect.gen(function* () {
      const http = scripted(
        () => ok(),
        (_, n) => token(n, {}, 0.001),
      )
      const { auth } = yield* falconOn(http)
      for (let second = 0; second < 60; second++) {
        yield* auth.bearer
        yield* TestClock.adjust(1_000)
      }
      expect(http.asked.length).toBeLessThanOrEqual(13)
    }),
  )

  for (const [what, access_token] of [
    ["a line end", "secret\nof-two-lines"],
    ["letters beyond ASCII", "t\u{f6}ken-\u{20ac}-0123456789"],
    ["more characters than a header holds", "x".repeat(200_000)],
  ] as const) {
    effect(`with ${what} makes the answer malformed, and no call is sent with it`, () =>
      Effect.gen(function* () {
        const http = scripted(
          () => ok(),
          () => answer(201, { access_token, expires_in: 1799 }),
        )
        const { falcon } = yield* falconOn(http)
        const error = yield* Effect.flip(falcon.request(write()))
        expect(error).toMatchObject({ operation: "token", reason: "malformed" })
        expect(error.message).not.toContain(access_token.slice(0, 5))
        expect(http.calls.length).toBe(0)
      }),
    )
  }

  effect("is taken from any 2xx", () =>
    Effect.gen(function* () {
      const http = scripted(
        () => ok(),
        () => ({ ...token(7), status: 200 }),
      )
      const { auth } = yield* falconOn(http)
      expect(yield* value(auth.bearer)).toEndWith("7")
    }),
  )

  effect("that is missing from a 2xx makes the answer malformed", () =>
    Effect.gen(function* () {
      for (const body of [{}, "", "<html>", "null", { access_token: 3 }]) {
        const { auth } = yield* falconOn(
          scripted(
            () => ok(),
            () => answer(201, body),
          ),
        )
        expect((yield* Effect.flip(auth.bearer)).reason).toBe("malformed")
      }
    }),
  )

  effect("reads the secret anew each time, so that a rotated one is picked up", () =>
    Effect.gen(function* () {
      let secret = "old"
      const http = scripted(() => ok())
      const { auth } = yield* falconOn(http, { client_secret: Effect.sync(() => Redacted.make(secret)) })
      yield* auth.bearer
      secret = "new"
      yield* TestClock.adjust(30 * MINUTE)
      yield* auth.bearer
      expect(http.asked.map((request) => new URLSearchParams(String(request.body)).get("client_secret"))).toEqual([
        "old",
        "new",
      ])
    }),
  )

  effect("cannot be had without a readable secret, and the error says so", () =>
    Effect.gen(function* () {
      const http = scripted(() => ok())
      const { auth } = yield* falconOn(http, { client_secret: Effect.fail({ message: "no such file" }) })
      const error = yield* Effect.flip(auth.bearer)
      expect(error.reason).toBe("unauthorized")
      expect(error.message).toContain("no such file")
      expect(http.asked.length).toBe(0)
    }),
  )

  effect("tells health when it is renewed", () =>
    Effect.gen(function* () {
      let renewed = 0
      const set = (status: string) => Effect.sync(() => void (status === "ok" && renewed++))
      const layer = layerFalcon(credentials(), { set }).pipe(Layer.provide(scripted(() => ok()).layer))
      yield* Effect.provide(
        FalconAuth.use((auth) => auth.bearer),
        layer,
      )
      expect(renewed).toBe(1)
    }),
  )
})
