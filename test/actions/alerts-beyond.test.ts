import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { searchAlerts } from "../../src/plugins/alerts/search-alerts.ts"
import { updateAlerts } from "../../src/plugins/alerts/update-alerts.ts"
import { withApp } from "./app.ts"
import { act, apiState, callsOf, faultOn, violationsOf, withFalcon } from "./support.ts"

const path = "/alerts/entities/alerts/v3"

describe("several changes of alerts", () => {
  test("go in one call, and all of them arrive", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const ids = Object.keys((yield* apiState(simulator)).alerts).slice(0, 2)
        const changes = { status: "closed" as const, add_tags: ["ignored"], comment: "noise", visible: false }
        expect(yield* act(updateAlerts, { ids, ...changes })).toMatchObject({ succeeded: 2, failed: 0 })
        const { alerts, requests } = yield* apiState(simulator)
        for (const id of ids) {
          expect(alerts[id]).toMatchObject({ status: "closed", tags: ["ignored"], show_in_ui: false })
          expect(alerts[id]!.comments).toHaveLength(1)
        }
        expect(requests).toHaveLength(1)
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("with a comment are not repeated after a 500; without one they are", () =>
    withFalcon({ faults: [faultOn(path, { status: 500 }), faultOn(path, { status: 500 })] }, (simulator) =>
      Effect.gen(function* () {
        const [id] = Object.keys((yield* apiState(simulator)).alerts) as [string]
        const open = yield* act(updateAlerts, { ids: [id], status: "closed", comment: "x" })
        expect(open).toMatchObject({ succeeded: 0, errors: [{ id, outcome: "unconfirmed" }] })
        expect(yield* act(updateAlerts, { ids: [id], status: "closed" })).toMatchObject({ succeeded: 1 })
        expect((yield* callsOf(simulator)).map(({ status }) => status)).toEqual([500, 500, 200])
      }),
    ))

  test("that the answer leaves open are looked for in the alerts", () => {
    const silent = faultOn(path, { status: 200, body: '{"meta":{},"errors":[],"resources":[]}' }, { skip: 1 })
    return withFalcon({ faults: [silent] }, (simulator) =>
      Effect.gen(function* () {
        const [done, other] = Object.keys((yield* apiState(simulator)).alerts) as [string, string]
        yield* act(updateAlerts, { ids: [done], add_tags: ["seen"] })
        const outcome = yield* act(updateAlerts, { ids: [done, other], add_tags: ["seen"] })
        expect(outcome).toMatchObject({ succeeded: 1, errors: [{ id: other, outcome: "unconfirmed" }] })
      }),
    )
  })

  test.each([
    [{ ids: ["a"] }, ""],
    [{ ids: ["a"], assign_to_uuid: "u", unassign: true }, "unassign"],
    [{ ids: ["a"], assign_to_uuid: "u", assign_to_name: "n" }, "unassign"],
    [{ ids: ["a"], unassign: false }, "unassign"],
  ])("%j is refused before anything is sent", (args, field) => {
    const { error } = updateAlerts.arguments.safeParse(args)
    expect(error?.issues.map(({ path }) => path.join("."))).toEqual([field])
  })

  test("warn of an alert that is closed without a verdict, when it is done and in a dry run", () =>
    withApp({}, async (app) => {
      const ids = Object.keys((await app.api()).alerts).slice(0, 1)
      for (const query of ["?dry_run=true", ""]) {
        const bare = await app.act("update_alerts", { ids, status: "closed", add_tags: ["vip"] }, query)
        expect(bare.body.warnings).toEqual([expect.stringContaining("true_positive, false_positive, ignored")])
        const full = await app.act("update_alerts", { ids, status: "closed", add_tags: ["false_positive"] }, query)
        expect([full.status, full.body.warnings]).toEqual([200, undefined])
      }
    }))
})

describe("a search for alerts", () => {
  test("ends where its limit does, over several pages, and goes on exactly there", () =>
    withFalcon({ alerts: 2_500 }, (simulator) =>
      Effect.gen(function* () {
        const first = yield* act(searchAlerts, { limit: 1_700 })
        const total = first.total!
        expect(first.resources).toHaveLength(1_700)
        const rest = yield* act(searchAlerts, { limit: 1_700, offset: String(first.next) })
        expect(rest.next).toBeUndefined()
        const ids = [...first.resources, ...rest.resources].map((one) => (one as { composite_id: string }).composite_id)
        expect(total).toBeGreaterThanOrEqual(2_500)
        expect([ids.length, new Set(ids).size]).toEqual([total, total])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))
})
