import { describe, expect, test } from "bun:test"
import { Effect, Random } from "effect"
import { backoffMs, waitMs } from "../../src/core/http/client/backoff.ts"
import { retryAfterMs } from "../../src/core/http/client/retry-after.ts"

const NOW_MS = Date.parse("2026-05-01T12:00:00Z")
const EPOCH_S = NOW_MS / 1_000
const MAX_MS = 15 * 60_000

describe("when to come back", () => {
  const cases: readonly (readonly [string, Record<string, string>, number | undefined])[] = [
    ["X-RateLimit-RetryAfter is the epoch second", { "x-ratelimit-retryafter": `${EPOCH_S + 30}` }, 30_000],
    ["Retry-After counts seconds", { "retry-after": "7" }, 7_000],
    ["Retry-After may hold a fraction", { "retry-after": "1.5" }, 1_500],
    ["Retry-After may be a date", { "retry-after": "Fri, 01 May 2026 12:00:09 GMT" }, 9_000],
    [
      "of two valid ones the longer counts",
      { "x-ratelimit-retryafter": `${EPOCH_S + 5}`, "retry-after": "60" },
      60_000,
    ],
    ["garbage in one leaves the other", { "x-ratelimit-retryafter": "soon", "retry-after": "3" }, 3_000],
    ["a time in the past asks for nothing", { "x-ratelimit-retryafter": `${EPOCH_S - 30}` }, 0],
    ["a date in the past asks for nothing", { "retry-after": "Fri, 01 May 2026 11:00:00 GMT" }, 0],
    [
      "a time is read against the answer's own date: our clock may be an hour ahead",
      { date: "Fri, 01 May 2026 11:00:00 GMT", "x-ratelimit-retryafter": `${EPOCH_S - 3_600 + 30}` },
      30_000,
    ],
    [
      "or an hour behind",
      { date: "Fri, 01 May 2026 13:00:00 GMT", "retry-after": "Fri, 01 May 2026 13:00:20 GMT" },
      20_000,
    ],
    ["a date that is none leaves our clock", { date: "today", "x-ratelimit-retryafter": `${EPOCH_S + 30}` }, 30_000],
    ["a day is cut to the longest wait", { "retry-after": "86400" }, MAX_MS],
    ["epoch milliseconds are cut too", { "x-ratelimit-retryafter": `${NOW_MS + 1_000}` }, MAX_MS],
    ["blanks around it do not matter", { "retry-after": " 4 " }, 4_000],
    ["nothing is said without the headers", {}, undefined],
  ]
  for (const [name, headers, expected] of cases) {
    test(name, () => expect(retryAfterMs(new Headers(headers), NOW_MS)).toBe(expected as number))
  }

  test("garbage says nothing", () => {
    for (const value of ["", "soon", "-5", "1e3", "NaN", "Infinity", "0x10", "Fri, 01 May 2026 12:00:09 GMT"]) {
      expect(retryAfterMs(new Headers({ "x-ratelimit-retryafter": value }), NOW_MS)).toBeUndefined()
    }
    for (const value of ["", "soon", "-5", "1e3", "2026-05-01T12:00:09Z", "tomorrow GMT"]) {
      expect(retryAfterMs(new Headers({ "retry-after": value }), NOW_MS)).toBeUndefined()
    }
  })
})

describe("the wait before the next try", () => {
  const draw = (attempt: number, asked_ms: number | undefined, least_ms?: number) =>
    Effect.runSync(Random.withSeed(waitMs(attempt, asked_ms, least_ms), "seed"))

  test("is never shorter than our backoff, whatever a server asks", () => {
    for (const asked_ms of [undefined, 0, -5_000, Number.NaN, Number.NEGATIVE_INFINITY, 1]) {
      for (let attempt = 1; attempt < 12; attempt++) {
        expect(draw(attempt, asked_ms)).toBe(Effect.runSync(Random.withSeed(backoffMs(attempt), "seed")))
      }
    }
  })

  test("is what the server asks where that is longer, up to a quarter of an hour", () => {
    expect(draw(1, 30_000)).toBe(30_000)
    expect(draw(1, 86_400_000)).toBe(MAX_MS)
    expect(draw(1, Number.POSITIVE_INFINITY)).toBe(MAX_MS)
  })

  test("is no shorter than what the reason calls for, also when the server asks for less", () => {
    expect(draw(1, 0, 60_000)).toBe(60_000)
    expect(draw(1, 90_000, 60_000)).toBe(90_000)
  })
})

describe("backoff", () => {
  const draw = (attempt: number, seed: string) => Effect.runSync(Random.withSeed(backoffMs(attempt), seed))

  test("doubles from 1 s to 60 s, and half of it is drawn", () => {
    for (let attempt = 1; attempt < 200; attempt++) {
      const full_ms = Math.min(60_000, 1_000 * 2 ** (attempt - 1))
      const wait_ms = draw(attempt, `seed ${attempt}`)
      expect(wait_ms).toBeGreaterThanOrEqual(full_ms / 2)
      expect(wait_ms).toBeLessThanOrEqual(full_ms)
    }
  })

  test("differs from client to client, and not from run to run", () => {
    expect(draw(5, "a")).not.toBe(draw(5, "b"))
    expect(draw(5, "a")).toBe(draw(5, "a"))
  })

  test("may be capped lower", () => {
    expect(Effect.runSync(backoffMs(20, 5_000))).toBeLessThanOrEqual(5_000)
  })
})
