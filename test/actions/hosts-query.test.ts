import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { queryDevicesByFilter } from "../../src/plugins/hosts/query-devices-by-filter.ts"
import { act, apiState, base_url, callsOf, dryRun, failureOf, violationsOf, withFalcon } from "./support.ts"

const scroll_path = "/devices/queries/devices-scroll/v1"

describe("querying hosts", () => {
  test("walks over the pages up to the limit, which is a cap on what comes back", () =>
    withFalcon({ hosts: 25_000 }, (simulator) =>
      Effect.gen(function* () {
        const outcome = yield* act(queryDevicesByFilter, { limit: 22_000, sort: "hostname|asc" })
        expect(outcome.resources).toHaveLength(22_000)
        expect(new Set(outcome.resources).size).toBe(22_000)
        expect(yield* callsOf(simulator)).toMatchObject([
          { path: scroll_path, query_keys: ["sort", "limit"] },
          { query_keys: ["sort", "offset", "limit"] },
          { query_keys: ["sort", "offset", "limit"] },
        ])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("gives all there is when the limit is higher", () =>
    withFalcon({ hosts: 12_345 }, (simulator) =>
      Effect.gen(function* () {
        const outcome = yield* act(queryDevicesByFilter, { limit: 50_000 })
        expect(new Set(outcome.resources).size).toBe(12_345)
        expect(yield* callsOf(simulator)).toHaveLength(2)
      }),
    ))

  test("gives a hundred when nothing is said", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        expect(yield* act(queryDevicesByFilter, {})).toMatchObject({ requested: 100, succeeded: 100, failed: 0 })
      }),
    ))

  test.each(["hostname|desc", "hostname.desc"])("sorts by %s", (sort) =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const { hosts } = yield* apiState(simulator)
        const filter = "platform_name:'Linux'+hostname:'web*'"
        const { resources } = yield* act(queryDevicesByFilter, { filter, sort, limit: 1000 })
        const names = resources.map((id) => hosts[String(id)]!.hostname)
        expect(names.length).toBeGreaterThan(1)
        expect(names.every((name) => name.startsWith("web"))).toBe(true)
        expect(names).toEqual([...names].sort().reverse())
      }),
    ),
  )

  test("begins where an offset says, and tells when that is no longer good", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const error = yield* failureOf(queryDevicesByFilter, { offset: "gone" })
        expect(error).toMatchObject({ reason: "rejected", status: 400 })
        expect(error.message).toContain("offset")
      }),
    ))

  test.each([
    ["filter", "hostname:'a\nb'"],
    ["filter", `hostname:'${"a".repeat(10_000)}'`],
    ["sort", "hostname|up"],
    ["offset", "a\u0000"],
    ["limit", 0],
  ])("refuses a %s that cannot be right", (field, value) => {
    const parsed = queryDevicesByFilter.arguments.safeParse({ [field]: value })
    expect(parsed.error?.issues[0]?.path).toEqual([field])
  })

  test("shows in a dry run the first page, whose answer decides about the next", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const requests = yield* dryRun(queryDevicesByFilter, { filter: "hostname:'a'", limit: 5 })
        expect(requests).toEqual([
          { method: "GET", url: `${base_url}${scroll_path}?filter=hostname%3A%27a%27&limit=5` },
        ])
        expect(yield* callsOf(simulator)).toEqual([])
      }),
    ))
})
