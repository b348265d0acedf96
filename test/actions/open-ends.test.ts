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
