import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { clouds, cloudUrl } from "../../src/core/falcon/cloud.ts"
import { answer, EU, effect, falconOn, get, ok, type Script, SECRET, scripted, token } from "./support.ts"

const US1 = clouds["us-1"]

const redirect = (status: number, location: string | undefined, region?: string) =>
  answer(status, "", {
    ...(location !== undefined && { location }),
    ...(region !== undefined && { "x-cs-region": region }),
  })

describe("finding the cloud", () => {
  test("every region has its API, and an unknown one has none", () => {
    expect(cloudUrl("us-gov-1")).toBe("https://api.laggar.gcw.crowdstrike.com")
    expect(cloudUrl(" EU-1 ")).toBe(EU)
    expect(cloudUrl("mars-1")).toBeUndefined()
    expect(cloudUrl("constructor")).toBeUndefined()
  })

  for (const status of [301, 302, 303, 307, 308]) {
    effect(`a ${status} is followed with method and form kept`, () =>
      Effect.gen(function* () {
        const tokens: Script = (request, n) =>
          request.url.startsWith(EU) ? token(n) : redirect(status, `${EU}/oauth2/token`)
        const http = scripted(() => ok("h"), tokens)
        const { falcon } = yield* falconOn(http, { base_url: "auto" })
        yield* falcon.request(get())
        expect(http.asked.map((request) => [request.method, new URL(request.url).origin])).toEqual([
          ["POST", US1],
          ["POST", EU],
        ])
        expect(http.asked[1]?.body).toBe(http.asked[0]?.body)
        expect(http.calls[0]?.url).toStartWith(`${EU}/devices`)
      }),
    )
  }

  effect("auto goes to the region that a token answer names", () =>
    Effect.gen(function* () {
      const http = scripted(
        () => ok(),
        (_, n) => token(n, { "x-cs-region": "us-2" }),
      )
      const { falcon, auth } = yield* falconOn(http, { base_url: "auto" })
      expect(yield* auth.base_url).toBe(US1)
      yield* falcon.request(get())
      expect(yield* auth.base_url).toBe(clouds["us-2"])
      expect(http.calls[0]?.url).toStartWith(clouds["us-2"])
    }),
  )

  effect("auto follows a redirect that names only the region", () =>
    Effect.gen(function* () {
      const tokens: Script = (request, n) => (request.url.startsWith(EU) ? token(n) : redirect(308, undefined, "eu-1"))
      const { auth } = yield* falconOn(
        scripted(() => ok(), tokens),
        { base_url: "auto" },
      )
      yield* auth.bearer
      expect(yield* auth.base_url).toBe(EU)
    }),
  )

  effect("a fixed base_url stays, whatever region Falcon names", () =>
    Effect.gen(function* () {
      const http = scripted(
        () => ok(),
        (_, n) => token(n, { "x-cs-region": "us-2" }),
      )
      const { auth } = yield* falconOn(http, { base_url: `${EU}/` })
      yield* auth.bearer
      expect(yield* auth.base_url).toBe(EU)
    }),
  )

  effect("an unknown region changes nothing", () =>
    Effect.gen(function* () {
      const http = scripted(
        () => ok(),
        (_, n) => token(n, { "x-cs-region": "mars-1" }),
      )
      const { auth } = yield* falconOn(http, { base_url: "auto" })
      yield* auth.bearer
      expect(yield* auth.base_url).toBe(US1)
    }),
  )

  for (const location of ["https://evil.example/oauth2/token", "http://api.eu-1.crowdstrike.com/oauth2/token"]) {
    effect(`a redirect to ${location} is refused before the secret is sent there`, () =>
      Effect.gen(function* () {
        const http = scripted(
          () => ok(),
          () => redirect(308, location),
        )
        const { auth } = yield* falconOn(http, { base_url: "auto" })
        const error = yield* Effect.flip(auth.bearer)
        expect(error.reason).toBe("untrusted_url")
        expect(http.asked.map((request) => new URL(request.url).origin)).toEqual([US1])
        expect(JSON.stringify(error)).not.toContain(SECRET)
      }),
    )
  }

  effect("redirects end after the third", () =>
    Effect.gen(function* () {
      const http = scripted(
        () => ok(),
        (request) => redirect(307, request.url),
      )
      const { auth } = yield* falconOn(http)
      expect((yield* Effect.flip(auth.bearer)).reason).toBe("rejected")
      expect(http.asked.length).toBe(4)
    }),
  )
})
