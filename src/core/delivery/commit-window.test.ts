import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { CommitWindow } from "./commit-window.ts"

describe("the commit window", () => {
  test("gives the end of the contiguous finished prefix, whatever finishes first, and never goes back", () => {
    const scenario = fc.array(
      fc.record({ step: fc.integer({ min: 1, max: 5 }), holds: fc.nat({ max: 2 }), order: fc.nat() }),
      { maxLength: 20 },
    )
    const property = fc.property(scenario, (plan) => {
      const window = new CommitWindow()
      let offset = 0
      const ranges = plan.map(({ step, holds }) => {
        offset += step
        const range = window.open(offset)
        for (let i = 0; i < holds; i++) range.hold()
        return { range, left: holds + 1 }
      })
      const releases = plan.flatMap(({ holds, order }, i) =>
        Array.from({ length: holds + 1 }, (_, n) => ({ i, at: (order * 31 + n * 17) % 101 })),
      )
      let before = -1
      for (const { i } of releases.sort((a, b) => a.at - b.at)) {
        const entry = ranges[i]!
        const now = window.release(entry.range)
        entry.left--
        const open = ranges.findIndex(({ left }) => left > 0)
        const done = open < 0 ? ranges : ranges.slice(0, open)
        expect(now).toBe(done.at(-1)?.range.last_offset ?? -1)
        expect(now).toBeGreaterThanOrEqual(before)
        before = now
      }
    })
    fc.assert(property, { numRuns: 1_000, seed: 1 })
  })

  test("is not moved by a range without offsets", () => {
    const window = new CommitWindow()
    const first = window.open(7)
    const second = window.open(-1)
    expect(window.release(first)).toBe(7)
    expect(window.release(second)).toBe(7)
  })

  test("refuses to be released more often than it is held", () => {
    const window = new CommitWindow()
    const range = window.open(1)
    window.release(range)
    expect(() => window.release(range)).toThrow("more often")
  })
})
