import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { Falcon } from "../../src/core/falcon/client.ts"
import { createIndicators } from "../../src/plugins/iocs/create-indicators.ts"
import { deleteIndicators } from "../../src/plugins/iocs/delete-indicators.ts"
import { getIndicators } from "../../src/plugins/iocs/get-indicators.ts"
import { getIndicatorsReport } from "../../src/plugins/iocs/get-indicators-report.ts"
import { getIocActions } from "../../src/plugins/iocs/get-ioc-actions.ts"
import { createOperation } from "../../src/plugins/iocs/indicator.ts"
import { searchIndicators } from "../../src/plugins/iocs/search-indicators.ts"
import { updateIndicators } from "../../src/plugins/iocs/update-indicators.ts"
import { act, callsOf, dryRun, failureOf, faultOn, violationsOf, withFalcon } from "./support.ts"

const sha256 = (n: number) => n.toString(16).padStart(64, "0")
const indicators_path = "/iocs/entities/indicators/v1"

/** All indicators as Falcon has them. */
const all = Effect.gen(function* () {
  const { resources: ids } = yield* act(searchIndicators, { limit: 10_000 })
  return (yield* act(getIndicators, { ids: ids as string[] })).resources as Record<string, unknown>[]
})

describe("rows", () => {
  const row = (n: number) => ({
    type: "sha256",
    value: sha256(n),
    action: "detect" as const,
    severity: "high" as const,
    platforms: ["mac" as const],
  })

  test("are created 2000 a call; bad and repeated ones are named", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const indicators = Array.from({ length: 4_100 }, (_, n) => row(n))
        indicators[7] = row(6)
        indicators[8] = { ...row(8), value: "short" }
        indicators[9] = { ...row(9), platforms: [] }
        const outcome = yield* act(createIndicators, { indicators })
        expect(outcome).toMatchObject({ requested: 4_100, succeeded: 4_097, failed: 3 })
        expect(outcome.errors).toMatchObject([
          { id: `sha256:${sha256(6)}`, code: 409, message: "indicators.7: the same indicator as indicators.6" },
          { id: "sha256:short", code: 400, message: "indicators.8: not a hash of 64 hexadecimal digits" },
          { id: `sha256:${sha256(9)}`, message: "indicators.9: At least one platform is required" },
        ])
        const posts = (yield* callsOf(simulator)).filter(({ method }) => method === "POST")
        expect(posts.map(({ ids, status }) => [ids, status])).toEqual([
          [2_000, 400],
          [1_999, 201],
          [2_000, 201],
          [98, 201],
        ])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("that exist are refused one by one", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        yield* act(createIndicators, { indicators: [row(1)] })
        const outcome = yield* act(createIndicators, { indicators: [row(0), row(1), row(2)] })
        expect(outcome).toMatchObject({ succeeded: 2, failed: 1, errors: [{ id: `sha256:${sha256(1)}` }] })
        expect(outcome.errors[0]!.message).toContain("Duplicate type")
        expect(yield* failureOf(createIndicators, { indicators: [row(1)] })).toMatchObject({ reason: "rejected" })
      }),
    ))

  test("are taken in spite of Falcon's warnings", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const warned = { ...row(0), type: "ipv4", value: "10.0.0.1", applied_globally: true }
        const falcon = yield* Falcon
        const strict = { ...createOperation([warned]), query: {} }
        expect(yield* Effect.flip(falcon.request(strict))).toMatchObject({ reason: "rejected", status: 400 })
        expect(yield* act(createIndicators, { indicators: [warned] })).toMatchObject({ succeeded: 1 })
      }),
    ))

  test("are changed by id", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        yield* act(createIndicators, { indicators: [row(0), row(1)] })
        const ids = (yield* all).map(({ id }) => id as string)
        const change = { action: "prevent" as const, severity: "critical" as const }
        const outcome = yield* act(updateIndicators, {
          indicators: [
            { id: ids[0]!, ...change },
            { id: "unknown", ...change },
            { id: ids[0]!, ...change },
          ],
        })
        expect(outcome).toMatchObject({ requested: 3, succeeded: 1, failed: 2 })
        expect(outcome.errors).toEqual([
          { id: ids[0]!, code: 409, message: "indicators.2: the same indicator as indicators.0" },
          { id: "unknown", code: 400, message: "indicators.1: Indicator not found" },
        ])
        expect(yield* all).toMatchObject([change, { action: "detect" }])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("stop being tried when Falcon refuses everybody", () =>
    withFalcon({ faults: [faultOn(indicators_path, { status: 403 }, { skip: 1 })] }, (simulator) =>
      Effect.gen(function* () {
        const indicators = Array.from({ length: 6_000 }, (_, n) => row(n))
        const outcome = yield* act(createIndicators, { indicators })
        expect(outcome).toMatchObject({ succeeded: 2_000, failed: 4_000 })
        expect(outcome.errors.at(-1)!.message).toContain("not tried")
        expect(yield* callsOf(simulator)).toHaveLength(2)
      }),
    ))
})

describe("looking indicators up", () => {
  const fill = (count: number) =>
    act(createIndicators, {
      indicators: Array.from({ length: count }, (_, n) => ({
        type: "sha256",
        value: sha256(n),
        action: "no_action" as const,
        platforms: ["mac" as const],
      })),
    })

  test("by ids and deleting take 188 ids a call", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const made = yield* fill(600)
        const ids = made.resources.map((one) => (one as { id: string }).id)
        const found = yield* act(getIndicators, { ids: [...ids.slice(1), "f".repeat(64)] })
        expect(found).toMatchObject({ succeeded: 599, failed: 1, errors: [{ id: "f".repeat(64), code: 404 }] })
        const gone = yield* act(deleteIndicators, { ids })
        expect(gone.resources).toEqual(ids)
        const calls = (yield* callsOf(simulator)).slice(1)
        expect(calls.map(({ method, query_keys }) => `${method} ${query_keys}`)).toEqual([
          ...Array(4).fill("GET ids"),
          ...Array(4).fill("DELETE ids"),
        ])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("search stops at its limit, walks by `after`, and starts where it is told", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        yield* fill(5_000)
        const ids = (yield* act(searchIndicators, { limit: 50_000 })).resources
        const calls = () =>
          Effect.map(callsOf(simulator), (made) => made.filter(({ method }) => method === "GET").length)
        expect(ids).toHaveLength(5_000)
        expect(yield* calls()).toBe(3)
        expect((yield* act(searchIndicators, {})).resources).toEqual(ids.slice(0, 100))
        expect((yield* act(searchIndicators, { limit: 2_500, offset: "10" })).resources).toEqual(ids.slice(10, 2_510))
        expect((yield* act(searchIndicators, { limit: 7, offset: 4_999 })).resources).toEqual(ids.slice(4_999))
        expect((yield* act(searchIndicators, { limit: 7, offset: "1768435200000000000:42" })).resources).toEqual(
          ids.slice(42, 49),
        )
        // What there is in all, and where to go on: until there is no more.
        const first = yield* act(searchIndicators, { limit: 4_000 })
        const { total, next } = first
        expect([total, String(next).slice(String(next).indexOf(":"))]).toEqual([5_000, ":4000"])
        const rest = yield* act(searchIndicators, { limit: 4_000, offset: next! })
        expect([...first.resources, ...rest.resources]).toEqual([...ids])
        expect([rest.total, rest.next]).toEqual([5_000, undefined])
        expect(yield* act(searchIndicators, { limit: 7, offset: 11 })).toMatchObject({ total: 5_000, next: "18" })
        for (const sort of ["value|desc", "value.desc"]) {
          expect((yield* act(searchIndicators, { limit: 1, sort })).resources).toEqual(ids.slice(-1))
        }
        expect((yield* act(searchIndicators, { filter: `value:'${sha256(5)}'` })).resources).toEqual([ids[5]])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("a search that Falcon does not understand fails", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        expect(yield* failureOf(searchIndicators, { filter: "value" })).toMatchObject({
          reason: "rejected",
          status: 400,
        })
        expect(searchIndicators.arguments.safeParse({ sort: "value|up" }).success).toBe(false)
      }),
    ))

  test("actions say what they are good for", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const outcome = yield* act(getIocActions, { ids: ["prevent", "explode"] })
        expect(outcome).toMatchObject({ succeeded: 1, failed: 1, resources: [{ id: "prevent" }] })
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("a report is asked for with all that its model requires", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        expect((yield* act(getIndicatorsReport, {})).resources).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)])
        const [request] = yield* dryRun(getIndicatorsReport, { search: { filter: "type:'md5'", sort: "value|asc" } })
        expect(request).toMatchObject({
          body: { report_format: "csv", search: { filter: "type:'md5'", query: "", sort: "value.asc" } },
        })
        expect(request!.url).toEndWith("/iocs/entities/indicators-reports/v1")
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))
})
