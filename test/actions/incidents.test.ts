import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { getBehaviors } from "../../src/plugins/incidents/get-behaviors.ts"
import { getIncidents } from "../../src/plugins/incidents/get-incidents.ts"
import { act, apiState, base_url, callsOf, dryRun, failureOf, madeUpIds, violationsOf, withFalcon } from "./support.ts"

const gone = [
  ["not_found", 404],
  ["gone", 410],
] as const

describe.each([
  ["get_incidents", getIncidents, "/incidents/entities/incidents/GET/v1", "incident_id"],
  ["get_behaviors", getBehaviors, "/incidents/entities/behaviors/GET/v1", "behavior_id"],
] as const)("%s", (slug, action, path, key) => {
  test.each(gone)("says that the API is retired and what took its place: %s", (incidents, status) =>
    withFalcon({ incidents }, (simulator) =>
      Effect.gen(function* () {
        const error = yield* failureOf(action, { ids: madeUpIds(1200) })
        expect(error).toMatchObject({ _tag: "FalconError", reason: "retired", status })
        expect(error.message).toContain("2026-03-09")
        expect(error.message).toContain("POST /cases/entities/cases/v2")
        expect(yield* callsOf(simulator)).toHaveLength(1)
      }),
    ),
  )

  test("takes a missing scope for the same: nobody can have it any more", () =>
    withFalcon({ api_scopes: [] }, () =>
      Effect.gen(function* () {
        expect(yield* failureOf(action, { ids: ["a"] })).toMatchObject({ reason: "retired", status: 403 })
      }),
    ))

  test("still works where Falcon serves it", () =>
    withFalcon({ incidents: "served" }, (simulator) =>
      Effect.gen(function* () {
        const ids = Object.values((yield* apiState(simulator)).incidents).map((incident) => incident[key])
        const outcome = yield* act(action, { ids: [...ids, "unknown", ids[0]!] })
        expect(outcome).toMatchObject({ requested: ids.length + 1, succeeded: ids.length, failed: 1 })
        expect(outcome.resources).toMatchObject(ids.map((id) => ({ [key]: id })))
        expect(outcome.resources.map((one) => action.resource.parse(one))).toEqual([...outcome.resources])
        expect(outcome.errors).toMatchObject([{ id: "unknown", code: 404 }])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("splits long lists of ids", () =>
    withFalcon({ incidents: "served" }, (simulator) =>
      Effect.gen(function* () {
        const outcome = yield* act(action, { ids: madeUpIds(1200) })
        expect(outcome).toMatchObject({ requested: 1200, succeeded: 0, failed: 1200 })
        expect((yield* callsOf(simulator)).map((call) => call.ids)).toEqual([500, 500, 200])
      }),
    ))

  test("is declared as retired, and shows in a dry run what it would send", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        expect(action).toMatchObject({ slug, retired: { since: "2026-03-09" } })
        expect(yield* dryRun(action, { ids: ["a"] })).toEqual([
          { method: "POST", url: base_url + path, body: { ids: ["a"] } },
        ])
        expect(yield* callsOf(simulator)).toEqual([])
      }),
    ))
})
