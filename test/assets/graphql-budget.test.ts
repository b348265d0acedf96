import { describe, expect, test } from "bun:test"
import { costOf, pauseMs } from "../../src/plugins/user-assets/graphql-budget.ts"

const now_ms = Date.UTC(2026, 0, 15)
const pause = (extensions: unknown) => pauseMs(costOf(extensions), now_ms)

describe("the point budget of Identity Protection", () => {
  test.each([
    ["nothing is said", undefined, 0],
    ["null is said", null, 0],
    ["there is room for another page", { remainingPoints: 100, consumedPoints: 50, reset: 30 }, 0],
    ["there is none, by seconds", { remainingPoints: 49, consumedPoints: 50, reset: 30 }, 30_000],
    ["there is none, by texts", { remainingPoints: "0", consumedPoints: "50", reset: "12" }, 12_000],
    ["there is none, by epoch seconds", { remainingPoints: 0, reset: now_ms / 1_000 + 20 }, 20_000],
    ["there is none, by epoch milliseconds", { remainingPoints: 0, reset: now_ms + 20_000 }, 20_000],
    ["there is none, by a time", { remainingPoints: 0, reset: "2026-01-15T00:00:45Z" }, 45_000],
    ["there is none, and no time is named", { remainingPoints: 0 }, 60_000],
    ["there is none, by a time that has passed", { remainingPoints: 0, reset: now_ms - 5_000 }, 1_000],
    ["there is none for ages", { remainingPoints: 0, reset: 86_400 }, 15 * 60_000],
    ["it stands one level below", { rateLimit: { remainingPoints: 0, consumedPoints: 5, reset: 7 } }, 7_000],
  ])("when %s makes the next page wait as long as it must", (_, extensions, expected_ms) => {
    expect(pause(extensions)).toBe(expected_ms)
  })
})
