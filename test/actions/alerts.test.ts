import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { addNewCommentToAlert } from "../../src/plugins/alerts/add-new-comment-to-alert.ts"
import { getAlertsV2 } from "../../src/plugins/alerts/get-alerts-v2.ts"
import { updateAlertStatus } from "../../src/plugins/alerts/update-alert-status.ts"
import {
  act,
  apiState,
  base_url,
  callsOf,
  dryRun,
  failureOf,
  faultOn,
  madeUpIds,
  violationsOf,
  withFalcon,
} from "./support.ts"

const path = "/alerts/entities/alerts/v3"

describe("commenting on alerts", () => {
  test("appends to what is there: twice makes two", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const ids = Object.keys((yield* apiState(simulator)).alerts).slice(0, 2)
        const outcome = yield* act(addNewCommentToAlert, { ids, comment: "  seen\nby us " })
        expect(outcome).toMatchObject({ requested: 2, succeeded: 2, failed: 0, resources: [], errors: [] })
        yield* act(addNewCommentToAlert, { ids: [ids[0]!], comment: "again" })
        const { alerts } = yield* apiState(simulator)
        expect(alerts[ids[0]!]!.comments.map(({ value }) => value)).toEqual(["seen\nby us", "again"])
        expect(alerts[ids[1]!]!.comments).toHaveLength(1)
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("reaches 2,500 alerts in three calls, each once", () =>
    withFalcon({ alerts: 2500 }, (simulator) =>
      Effect.gen(function* () {
        const ids = Object.keys((yield* apiState(simulator)).alerts)
        const outcome = yield* act(addNewCommentToAlert, { ids: [...ids, ...ids], comment: "seen" })
        expect(outcome).toMatchObject({ requested: 2500, succeeded: 2500 })
        expect((yield* callsOf(simulator)).map((call) => call.ids)).toEqual([1000, 1000, 500])
        const { alerts } = yield* apiState(simulator)
        expect(Object.values(alerts).every(({ comments }) => comments.length === 1)).toBe(true)
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("is not repeated after a 500: nobody knows whether the comment is there", () =>
    withFalcon({ faults: [faultOn(path, { status: 500 })] }, (simulator) =>
      Effect.gen(function* () {
        const [id] = Object.keys((yield* apiState(simulator)).alerts)
        expect(yield* act(addNewCommentToAlert, { ids: [id!], comment: "seen" })).toMatchObject({
          requested: 1,
          succeeded: 0,
          errors: [{ id, code: 500, outcome: "unconfirmed", message: expect.stringContaining("may or may not") }],
        })
        expect(yield* callsOf(simulator)).toHaveLength(1)
      }),
    ))

  test("is repeated after a 429, which certainly did nothing", () =>
    withFalcon({ faults: [faultOn(path, { status: 429 })] }, (simulator) =>
      Effect.gen(function* () {
        const [id] = Object.keys((yield* apiState(simulator)).alerts)
        expect(yield* act(addNewCommentToAlert, { ids: [id!], comment: "seen" })).toMatchObject({ succeeded: 1 })
        const { alerts, requests } = yield* apiState(simulator)
        expect(alerts[id!]!.comments).toHaveLength(1)
        expect(requests[1]!.at_ms - requests[0]!.at_ms).toBeGreaterThanOrEqual(60_000)
      }),
    ))

  test("says which call broke off, and keeps what the others did", () =>
    withFalcon({ alerts: 2500, faults: [faultOn(path, "reset", { skip: 1 })] }, (simulator) =>
      Effect.gen(function* () {
        const ids = Object.keys((yield* apiState(simulator)).alerts)
        const outcome = yield* act(addNewCommentToAlert, { ids, comment: "seen" })
        expect(outcome).toMatchObject({ requested: 2500, succeeded: 1500, failed: 1000 })
        expect(outcome.errors[0]).toMatchObject({ id: ids[1000], outcome: "unconfirmed" })
        expect(outcome.errors[0]?.message).toContain("may or may not")
      }),
    ))

  test("wants a comment", () => {
    const parsed = addNewCommentToAlert.arguments.safeParse({ ids: ["a"], comment: " " })
    expect(parsed.error?.issues[0]?.path).toEqual(["comment"])
  })

  test("shows in a dry run what it would send, and sends nothing", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const ids = madeUpIds(1001)
        const requests = yield* dryRun(addNewCommentToAlert, { ids, comment: "seen" })
        const action_parameters = [{ name: "append_comment", value: "seen" }]
        expect(requests).toEqual([
          { method: "PATCH", url: base_url + path, body: { composite_ids: ids.slice(0, 1000), action_parameters } },
          { method: "PATCH", url: base_url + path, body: { composite_ids: ids.slice(1000), action_parameters } },
        ])
        expect(yield* callsOf(simulator)).toEqual([])
      }),
    ))
})

describe("the status of alerts", () => {
  test.each(["new", "in_progress", "closed", "reopened"] as const)("becomes %s", (new_status) =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const ids = Object.keys((yield* apiState(simulator)).alerts).slice(0, 3)
        expect(yield* act(updateAlertStatus, { ids, new_status })).toMatchObject({ succeeded: 3 })
        const { resources } = yield* act(getAlertsV2, { ids })
        expect(resources).toMatchObject(ids.map((composite_id) => ({ composite_id, status: new_status })))
        expect(violationsOf(simulator)).toEqual([])
      }),
    ),
  )

  test("is set again after a 500, since twice is the same as once", () =>
    withFalcon({ faults: [faultOn(path, { status: 500 }, { count: 2 })] }, (simulator) =>
      Effect.gen(function* () {
        const [id] = Object.keys((yield* apiState(simulator)).alerts)
        expect(yield* act(updateAlertStatus, { ids: [id!], new_status: "closed" })).toMatchObject({ succeeded: 1 })
        expect((yield* callsOf(simulator)).map(({ status }) => status)).toEqual([500, 500, 200])
      }),
    ))

  test("stays on ids that Falcon does not know, which are named", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const [id] = Object.keys((yield* apiState(simulator)).alerts)
        const outcome = yield* act(updateAlertStatus, { ids: ["unknown", id!], new_status: "closed" })
        expect(outcome).toMatchObject({ requested: 2, succeeded: 1, failed: 1 })
        expect(outcome.errors).toEqual([{ id: "unknown", code: 404, message: "alert not found" }])
      }),
    ))

  test("cannot be set without the scope, whose name is told", () =>
    withFalcon({ api_scopes: ["Alerts: Read"] }, () =>
      Effect.gen(function* () {
        const error = yield* failureOf(updateAlertStatus, { ids: ["a"], new_status: "closed" })
        expect(error).toMatchObject({ reason: "forbidden", scopes: ["Alerts: Write"] })
      }),
    ))

  test("is one of four", () => {
    const parsed = updateAlertStatus.arguments.safeParse({ ids: ["a"], new_status: "true_positive" })
    expect(parsed.error?.issues[0]?.path).toEqual(["new_status"])
  })
})

describe("looking alerts up", () => {
  test("takes one call for each thousand; keeps nulls; names what is unknown", () =>
    withFalcon({ alerts: 1200 }, (simulator) =>
      Effect.gen(function* () {
        const ids = Object.keys((yield* apiState(simulator)).alerts)
        const outcome = yield* act(getAlertsV2, { ids: [...ids, "unknown", ids[0]!] })
        expect(outcome).toMatchObject({ requested: 1201, succeeded: 1200, failed: 1 })
        expect(outcome.errors).toEqual([{ id: "unknown", code: 404, message: "alert not found" }])
        expect(outcome.resources[0]).toMatchObject({ composite_id: ids[0], parent_details: null })
        expect(getAlertsV2.resource.parse(outcome.resources[0])).toEqual(outcome.resources[0])
        expect((yield* callsOf(simulator)).map((call) => call.ids)).toEqual([1000, 201])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("stops at the first refusal that would meet every further call", () =>
    withFalcon({ faults: [faultOn("/alerts", { status: 403 })] }, (simulator) =>
      Effect.gen(function* () {
        const error = yield* failureOf(getAlertsV2, { ids: madeUpIds(3000) })
        expect(error).toMatchObject({ reason: "forbidden", scopes: ["Alerts: Read"] })
        expect(yield* callsOf(simulator)).toHaveLength(1)
      }),
    ))
})
