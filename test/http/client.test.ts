import { describe, expect } from "bun:test"
import { Effect, Result } from "effect"
import { failWhenEmpty } from "../../src/core/falcon/client.ts"
import { answer, EU, effect, get, ok, play, reasonOf, TOKEN_PREFIX, write } from "./support.ts"

describe("a request", () => {
  effect("carries the token, wants JSON, and encodes its query", () =>
    Effect.gen(function* () {
      const query = { ids: ["a|b", "c d"], hidden: true, limit: 5, filter: "name:'x+y'", none: undefined, empty: [] }
      const { calls } = yield* play(get({ query }))
      expect(calls[0]?.headers).toEqual({ authorization: `Bearer ${TOKEN_PREFIX}0`, accept: "application/json" })
      expect(calls[0]?.url).toBe(
        `${EU}/devices/queries/devices/v1?ids=a%7Cb&ids=c+d&hidden=true&limit=5&filter=name%3A%27x%2By%27`,
      )
      expect(calls[0]?.body).toBeUndefined()
    }),
  )

  effect("without a body still gives its content type when it is a POST", () =>
    Effect.gen(function* () {
      const { calls } = yield* play(write({ method: "POST", body: undefined }))
      expect(calls[0]?.headers?.["content-type"]).toBe("application/json")
      expect(calls[0]?.body).toBeUndefined()
    }),
  )

  effect("sends its body as JSON", () =>
    Effect.gen(function* () {
      const { calls } = yield* play(write())
      expect(calls[0]?.body).toBe('{"composite_ids":["a"]}')
    }),
  )

  effect("may arrive twice only where twice is the same as once, and is answered as once", () =>
    Effect.gen(function* () {
      expect((yield* play(write())).calls[0]).not.toHaveProperty("repeatable")
      expect((yield* play(write({ idempotent: true, method: "DELETE" }))).calls[0]).not.toHaveProperty("repeatable")
      expect((yield* play(write({ idempotent: true }))).calls[0]).toMatchObject({ repeatable: true })
    }),
  )

  effect("takes a URL that Falcon gave, on a sibling host, as it is", () =>
    Effect.gen(function* () {
      const url = "https://firehose.eu-1.crowdstrike.com/refresh/v1/0?appId=x&action_name=refresh"
      const { calls } = yield* play(write({ url, body: undefined, method: "POST" }))
      expect(calls[0]?.url).toBe(url)
    }),
  )

  for (const url of ["https://evil.example/x?appId=1", "http://api.eu-1.crowdstrike.com/x", "not a url"]) {
    effect(`sends nothing to ${url}`, () =>
      Effect.gen(function* () {
        expect(yield* reasonOf(get({ url }))).toEqual({ reason: "untrusted_url", calls: 0 })
      }),
    )
  }
})

describe("an answer", () => {
  effect("with errors beside resources is a partial success: both come back", () =>
    Effect.gen(function* () {
      const errors = [{ code: 404, message: "not found", id: "b" }, { message: "no code" }, "just text"]
      const { result } = yield* play(get(), () =>
        answer(200, { meta: { trace_id: "t" }, errors, resources: ["a"] }, { "x-cs-traceid": "h" }),
      )
      expect(Result.getOrThrow(result)).toMatchObject({
        status: 200,
        trace_id: "h",
        resources: ["a"],
        errors: [
          { code: 404, message: "not found", id: "b" },
          { code: 200, message: "no code" },
          { code: 200, message: "just text" },
        ],
      })
    }),
  )

  effect("with errors and nothing else succeeds, and failWhenEmpty turns it into a failure by its code", () =>
    Effect.gen(function* () {
      const body = { errors: [{ code: 403, message: "access denied" }], resources: null }
      const { result } = yield* play(get(), () => answer(200, body))
      const error = yield* Effect.flip(failWhenEmpty(get(), Result.getOrThrow(result)))
      expect(error).toMatchObject({ reason: "forbidden", status: 403, scopes: ["Hosts: Read"] })
    }),
  )

  effect("that is empty is an empty envelope, and null resources are none", () =>
    Effect.gen(function* () {
      for (const body of ["", " \n", "{}", '{"resources":null,"errors":null,"meta":null}']) {
        const { result } = yield* play(get(), () => answer(200, body))
        const nothing = { resources: [], has_resources: false, errors: [], pagination: undefined }
        expect(Result.getOrThrow(result)).toMatchObject(nothing)
        expect(yield* failWhenEmpty(get(), Result.getOrThrow(result))).toBe(Result.getOrThrow(result))
      }
    }),
  )

  effect("with an empty list is told apart from one without a list", () =>
    Effect.gen(function* () {
      const { result } = yield* play(get(), () => answer(200, { resources: [] }))
      expect(Result.getOrThrow(result)).toMatchObject({ resources: [], has_resources: true })
    }),
  )

  effect("with an error that stands alone, without its list, holds one error", () =>
    Effect.gen(function* () {
      for (const [errors, message] of [
        [{ code: 500, message: "search failed" }, "search failed"],
        ["search failed", "search failed"],
      ] as const) {
        const { result } = yield* play(get(), () => answer(200, { errors, resources: [] }))
        expect(Result.getOrThrow(result).errors).toMatchObject([{ message }])
      }
    }),
  )

  effect("with 202 or 207 is a success", () =>
    Effect.gen(function* () {
      for (const status of [201, 202, 207]) {
        expect((yield* reasonOf(write(), () => answer(status, { resources: [1] }))).reason).toBe("success")
      }
    }),
  )

  effect("that is no JSON object is malformed", () =>
    Effect.gen(function* () {
      for (const body of ["<html>", "[]", "null", '"x"', "{"]) {
        expect(yield* reasonOf(get(), () => answer(200, body))).toEqual({ reason: "malformed", calls: 1 })
      }
    }),
  )

  effect("with a status that repeating will not mend fails at once, with what Falcon said", () =>
    Effect.gen(function* () {
      const body = { errors: [{ code: 409, message: "conflict" }], resources: [{ row: 1 }] }
      for (const status of [400, 404, 409, 413, 308]) {
        const { result, calls } = yield* play(get(), () => answer(status, body, { "x-cs-traceid": "t-9" }))
        const error = Result.getOrThrow(Result.flip(result))
        expect(error).toMatchObject({ reason: "rejected", status, trace_id: "t-9", resources: [{ row: 1 }] })
        expect(error.message).toContain("hosts.list: Falcon answered")
        expect(error.message).toContain("conflict")
        expect(calls.length).toBe(1)
      }
    }),
  )

  effect("of the proxy says that it is the proxy's, and what to configure", () =>
    Effect.gen(function* () {
      const { result } = yield* play(get(), () => answer(407, "Proxy Authentication Required"))
      const { message } = Result.getOrThrow(Result.flip(result))
      expect(message).toContain("this is the proxy: it wants a name and a password (proxy: http://name:password@host)")
    }),
  )

  effect("that redirects names its target, and the base_url to set when it names the region", () =>
    Effect.gen(function* () {
      const location = "https://api.us-2.crowdstrike.com/devices/queries/devices/v1"
      for (const [headers, advice] of [
        [{ location, "x-cs-region": "us-2" }, "set base_url to https://api.us-2.crowdstrike.com"],
        [{ location }, "is base_url the right cloud?"],
      ] as const) {
        const { result } = yield* play(get(), () => answer(308, "", headers))
        const { message } = Result.getOrThrow(Result.flip(result))
        expect(message).toContain(`a redirect to api.us-2.crowdstrike.com; ${advice}`)
      }
    }),
  )

  effect("403 names the scopes and is not repeated", () =>
    Effect.gen(function* () {
      const { result, calls } = yield* play(write(), () => answer(403, "<html>", { "x-cs-traceid": "t-9" }))
      const error = Result.getOrThrow(Result.flip(result))
      expect(error).toMatchObject({ reason: "forbidden", scopes: ["Alerts: Write"], trace_id: "t-9" })
      expect(error.message).toContain("Alerts: Write")
      expect(calls.length).toBe(1)
    }),
  )

  effect("of a withdrawn API names its successor", () =>
    Effect.gen(function* () {
      const retired = { since: "2026-03-09", successor: "Cases" }
      for (const status of [403, 404, 405, 410]) {
        const { result } = yield* play(get({ retired }), () => answer(status))
        const error = Result.getOrThrow(Result.flip(result))
        expect(error.reason).toBe("retired")
        expect(error.message).toContain("withdrawn on 2026-03-09, its successor is Cases")
      }
      expect((yield* reasonOf(get(), () => answer(410))).reason).toBe("retired")
      expect((yield* reasonOf(get({ retired }), () => answer(400))).reason).toBe("rejected")
    }),
  )
})

describe("401", () => {
  effect("is answered with one new token and one more try", () =>
    Effect.gen(function* () {
      const { result, calls, asked } = yield* play(write(), (_, n) => (n === 0 ? answer(401) : ok("a")))
      expect(Result.isSuccess(result)).toBe(true)
      expect(calls.map((call) => call.headers?.authorization)).toEqual([
        `Bearer ${TOKEN_PREFIX}0`,
        `Bearer ${TOKEN_PREFIX}1`,
      ])
      expect(asked.length).toBe(2)
    }),
  )

  effect("a second time ends it", () =>
    Effect.gen(function* () {
      const { result, calls, asked } = yield* play(get(), () => answer(401))
      expect(Result.getOrThrow(Result.flip(result)).reason).toBe("unauthorized")
      expect([calls.length, asked.length]).toEqual([2, 2])
    }),
  )
})
