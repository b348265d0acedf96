import { describe, expect, test } from "bun:test"
import { choose, readEntry } from "./entry.ts"

const base = "http://falcon.test"

const resource = (partition: string, more: Record<string, unknown> = {}) => ({
  dataFeedURL: `${base}/sensors/entities/datafeed/v1/${partition}?appId=a`,
  sessionToken: { token: "abc" },
  refreshActiveSessionURL: `${base}/refresh/${partition}`,
  refreshActiveSessionInterval: 1_800,
  ...more,
})

const read = (partition: string, more?: Record<string, unknown>, count = 1) =>
  readEntry(resource(partition, more), 0, count, base)

describe("an entry of a listing", () => {
  test("gives what is needed to read a partition", () => {
    expect(read("0").usable).toMatchObject({
      root_url: `${base}/sensors/entities/datafeed/v1/0`,
      refresh_url: `${base}/refresh/0`,
      interval_ms: 1_800_000,
    })
    expect(read("0").complaints).toEqual([])
  })

  test("may tell its interval as text", () => {
    expect(read("0", { refreshActiveSessionInterval: "900" })).toMatchObject({
      usable: { interval_ms: 900_000 },
      complaints: [],
    })
  })

  test.each([
    [0.001, 1, 2_000],
    [3, 600, 60_000],
    [1_800, 1, 1_800_000],
    [1e300, 1, 1_800_000],
    [null, 30_000, 3_000_000],
  ])(
    "of %p s among %i partitions is refreshed every %i ms at most",
    (refreshActiveSessionInterval, count, interval_ms) => {
      expect(read("0", { refreshActiveSessionInterval }, count).usable?.interval_ms).toBe(interval_ms)
    },
  )

  test("has a name that fits into a label, whatever its URL is", () => {
    const { name } = read(`${"x".repeat(1_500)}\u0007"\u202e\n`)
    expect(name).toMatch(/^[\w.-]{1,40}$/)
  })

  test.each([[null], [7], ["text"], [[]], [{}], [{ sessionToken: null, dataFeedURL: {} }]])(
    "that is %p is told as unusable, and breaks nothing",
    (entry) => {
      const { usable, complaints } = readEntry(entry, 4, 9, base)
      expect(usable).toBeUndefined()
      expect(complaints[0]).toBe("partition number 5 of the list cannot be read: dataFeedURL is missing")
    },
  )
})

describe("of the entries of a listing", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => read(String(5_000 + i)))

  test("at most a thousand partitions are read, always the same, and what is left out is named", () => {
    const { taken, complaints } = choose(many(1_003).toReversed())
    expect(taken.map(({ name }) => name)).toEqual(many(1_000).map(({ name }) => name))
    expect(complaints).toEqual([
      "1003 partitions are listed and at most 1000 are read; left out: partition 6000, partition 6001, partition 6002",
    ])
  })

  test("each partition is taken once", () => {
    const { taken, complaints } = choose([read("0"), read("1"), read("0")])
    expect(taken.map(({ name }) => name)).toEqual(["0", "1"])
    expect(complaints).toEqual(["partition 0 is listed twice; its first entry is used"])
  })
})
