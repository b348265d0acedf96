import { describe, expect, test } from "bun:test"
import { splitIds } from "../../src/core/falcon/split-ids.ts"

describe("a list of ids", () => {
  test("is cut into groups in its order, repeated ids left out", () => {
    expect(splitIds(["c", "a", "c", "b", "a", "d"], 3)).toEqual([["c", "a", "b"], ["d"]])
    expect(splitIds([], 3)).toEqual([])
  })

  test("fits into a URL: 188 ids of 64 characters, 351 of 32", () => {
    const ids = (count: number, chars: number) => Array.from({ length: count }, (_, n) => `${n}`.padStart(chars, "0"))
    expect(splitIds(ids(600, 64), 5_000, { in_query: true }).map((group) => group.length)).toEqual([188, 188, 188, 36])
    expect(splitIds(ids(501, 32), 5_000, { in_query: true }).map((group) => group.length)).toEqual([351, 150])
    expect(splitIds(ids(501, 32), 100, { in_query: true }).length).toBe(6)
  })

  test("is counted as it is encoded", () => {
    const ids = Array.from({ length: 100 }, (_, n) => `${"|".repeat(300)}${n}`)
    const groups = splitIds(ids, 1_000, { in_query: true })
    for (const group of groups) {
      const query = group.map((id) => `&ids=${encodeURIComponent(id)}`).join("")
      expect(query.length).toBeLessThanOrEqual(13_000)
    }
    expect(groups.flat()).toEqual(ids)
  })

  test("with an id longer than a URL may be still goes, one by one", () => {
    expect(splitIds(["x".repeat(20_000), "y"], 100, { in_query: true }).length).toBe(2)
  })
})
