/** A search of which Falcon does not say whether there is more: it is not told as if there were none. */
import { expect, test } from "bun:test"
import { Effect } from "effect"
import { searchAlerts } from "../../src/plugins/alerts/search-alerts.ts"
import { searchCases } from "../../src/plugins/cases/search-cases.ts"
import { searchIndicators } from "../../src/plugins/iocs/search-indicators.ts"
import { act, callsOf, faultOn, withFalcon } from "./support.ts"

const silent = (path: string, resources: readonly unknown[], more: Record<string, unknown> = {}) =>
  faultOn(path, { status: 200, body: JSON.stringify({ meta: {}, errors: [], resources }) }, more)

test("a full page of alerts without a total and without a way on is told as maybe not all", () =>
  withFalcon({ faults: [silent("/alerts/combined", [{ composite_id: "a" }, { composite_id: "b" }])] }, () =>
    Effect.gen(function* () {
      const { resources, errors, next } = yield* act(searchAlerts, { limit: 2 })
      expect(resources).toHaveLength(2)
      expect(errors).toMatchObject([{ code: 206, message: expect.stringContaining("nor whether the list goes on") }])
      expect(next).toBeUndefined()
    }),
  ))

test("a full page of cases without a total says at which number the list goes on", () =>
  withFalcon({ faults: [silent("/cases/queries", ["a", "b"])] }, () =>
    Effect.gen(function* () {
      expect(yield* act(searchCases, { limit: 2 })).toMatchObject({ resources: ["a", "b"], errors: [], next: "2" })
    }),
  ))

test("a full page of indicators without a total says so as well, and is followed by another where more are wanted", () => {
  const ids = (from: number, count: number) => Array.from({ length: count }, (_, n) => `id-${from + n}`)
  const path = "/iocs/queries"
  const faults = [
    silent(path, ids(0, 2_000)),
    silent(path, ids(2_000, 5), { skip: 1 }),
    silent(path, ids(0, 2), { skip: 2 }),
  ]
  return withFalcon({ faults }, (simulator) =>
    Effect.gen(function* () {
      const { resources, next } = yield* act(searchIndicators, { limit: 3_000 })
      expect([resources.length, next]).toEqual([2_005, undefined])
      expect(yield* callsOf(simulator)).toHaveLength(2)
      expect(yield* act(searchIndicators, { limit: 2 })).toMatchObject({ resources: ["id-0", "id-1"], next: "2" })
    }),
  )
})

test.each([
  ["that was asked for in full", 2_000, {}],
  ["of which more were wanted", 3_000, {}],
  ["of which Falcon counts more", 2_000, { pagination: { total: 50_000 } }],
  ["of which Falcon counts less than it gave", 2_000, { pagination: { total: 10_000 } }],
] as const)(
  "a page of indicators at the end of what Falcon lists by number, %s, says how to go on",
  (_, limit, meta) => {
    const resources = Array.from({ length: 2_000 }, (_, n) => `id-${n}`)
    const body = JSON.stringify({ meta, errors: [], resources })
    return withFalcon({ faults: [faultOn("/iocs/queries", { status: 200, body })] }, (simulator) =>
      Effect.gen(function* () {
        const outcome = yield* act(searchIndicators, { limit, offset: 10_000 })
        expect([outcome.resources.length, outcome.next]).toEqual([2_000, undefined])
        expect(outcome.errors).toMatchObject([{ code: 206, message: expect.stringContaining("created_on:>") }])
        expect(yield* callsOf(simulator)).toHaveLength(1)
      }),
    )
  },
)

test("indicators beyond what was asked for are told of where nothing leads to them", () =>
  withFalcon({ faults: [silent("/iocs/queries", ["a", "b", "c"], { count: 2 })] }, () =>
    Effect.gen(function* () {
      for (const offset of [10_000, "cursor"] as const) {
        const outcome = yield* act(searchIndicators, { limit: 2, offset })
        expect([outcome.resources, outcome.next]).toEqual([["a", "b"], undefined])
        expect(outcome.errors).toMatchObject([{ code: 206 }])
      }
    }),
  ))

test("indicators that end with the last number that Falcon lists are all of them", () => {
  const resources = Array.from({ length: 2_000 }, (_, n) => `id-${n}`)
  const body = JSON.stringify({ meta: { pagination: { total: 12_000 } }, errors: [], resources })
  return withFalcon({ faults: [faultOn("/iocs/queries", { status: 200, body })] }, () =>
    Effect.gen(function* () {
      expect(yield* act(searchIndicators, { limit: 2_000, offset: 10_000 })).toMatchObject({
        errors: [],
        total: 12_000,
      })
    }),
  )
})

test("alerts beyond what was asked for are told of where nothing leads to them", () => {
  const resources = ["a", "b", "c"].map((composite_id) => ({ composite_id }))
  const body = JSON.stringify({ meta: { pagination: { total: 3 } }, errors: [], resources })
  return withFalcon({ faults: [faultOn("/alerts/combined", { status: 200, body })] }, () =>
    Effect.gen(function* () {
      const outcome = yield* act(searchAlerts, { limit: 2 })
      expect(outcome).toMatchObject({ total: 3, resources: resources.slice(0, 2), errors: [{ code: 206 }] })
    }),
  )
})
