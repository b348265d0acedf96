import { describe, expect, test } from "bun:test"
import { RecentOffsets } from "./recent-offsets.ts"

const seen = (resume: number, size: number, offsets: readonly number[]) => {
  const recent = new RecentOffsets(resume, size)
  for (const offset of offsets) if (!recent.isRepeat(offset)) recent.add(offset)
  return recent
}

describe("an offset", () => {
  test("above all others is new", () => expect(seen(5, 4, [6, 7]).isRepeat(8)).toBe(false))
  test("seen a moment ago is a repeat", () => expect(seen(5, 4, [6, 8]).isRepeat(6)).toBe(true))
  test("between two that were seen comes late and is new", () => expect(seen(5, 4, [6, 8]).isRepeat(7)).toBe(false))
  test("not above the point of resumption is a repeat", () => expect(seen(5, 4, []).isRepeat(5)).toBe(true))
  test("older than everything remembered counts as a repeat", () =>
    expect(seen(-1, 3, [10, 20, 30, 40]).isRepeat(15)).toBe(true))
  test("0 is new at the very beginning", () => expect(seen(-1, 3, []).isRepeat(0)).toBe(false))
})
