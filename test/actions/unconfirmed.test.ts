/** A status is not success: what an answer does not show as done is not told as done, and not as undone either. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { unconfirmedIn } from "../../src/core/actions/action.ts"
import { addNewCommentToAlert } from "../../src/plugins/alerts/add-new-comment-to-alert.ts"
import { getAlertsV2 } from "../../src/plugins/alerts/get-alerts-v2.ts"
import { updateAlertStatus } from "../../src/plugins/alerts/update-alert-status.ts"
import { getDeviceDetails } from "../../src/plugins/hosts/get-device-details.ts"
import { isolateEndpoints } from "../../src/plugins/hosts/isolate-endpoints.ts"
import { performHostAction } from "../../src/plugins/hosts/perform-host-action.ts"
import { createIndicators } from "../../src/plugins/iocs/create-indicators.ts"
import { deleteIndicators } from "../../src/plugins/iocs/delete-indicators.ts"
import { createPreventionPolicies } from "../../src/plugins/prevention-policies/create-prevention-policies.ts"
import { getPreventionPolicies } from "../../src/plugins/prevention-policies/get-prevention-policies.ts"
import { act, apiState, callsOf, dryRun, failureOf, faultOn, madeUpIds, withFalcon } from "./support.ts"

const alerts_path = "/alerts/entities/alerts/v3"
const actions_path = "/devices/entities/devices-actions/v2"
const [cid, aid, other] = ["c", "a", "b"].map((letter) => letter.repeat(32))
const first = `${cid}:ind:${aid}:1-2-3`
const second = `${cid}:ind:${other}:4-5-6`
const both = { ids: [first, second] }

/** Falcon answers once, or `count` times, with this. */
const answering = (path: string, status: number, body: object | string, more: object = {}) =>
  faultOn(path, { status, body: typeof body === "string" ? body : JSON.stringify(body) }, { ...more })

const written = (resources_affected: number | undefined, errors: readonly object[] = []) => ({
  meta: { ...(resources_affected !== undefined && { writes: { resources_affected } }) },
  errors,
})

describe("a comment", () => {
  const comment = (body: object) =>
    withFalcon({ faults: [answering(alerts_path, 200, body)] }, () =>
      act(addNewCommentToAlert, { ...both, comment: "seen" }),
    )

  test("is never told to be on more alerts than Falcon counts, and nobody knows on which", async () => {
    for (const affected of [0, 1, undefined]) {
      const outcome = await comment(written(affected))
      expect([outcome.succeeded, unconfirmedIn(outcome.errors)]).toEqual([0, 2])
      expect(outcome.errors.map(({ id }) => id)).toEqual(both.ids)
    }
    expect(await comment(written(2))).toMatchObject({ succeeded: 2, errors: [] })
  })

  test("that failed on an alert named in the text only is there on the other", async () => {
    const outcome = await comment(written(1, [{ code: 404, message: `alert ${second.toUpperCase()} not found` }]))
    expect(outcome).toMatchObject({ succeeded: 1, failed: 1, errors: [{ id: second, code: 404 }] })
    expect(unconfirmedIn(outcome.errors)).toBe(0)
  })

  test("that met trouble of Falcon's own on an alert is there or not, and on the other one it is there", async () => {
    const outcome = await comment(written(1, [{ code: 500, id: second, message: "internal error" }]))
    expect(outcome).toMatchObject({ succeeded: 1, errors: [{ id: second, code: 500, outcome: "unconfirmed" }] })
  })

  test("of which one was written is on neither for certain when the error names nobody", async () => {
    const outcome = await comment(written(1, [{ code: 404, message: "alert not found" }]))
    expect(outcome.errors).toMatchObject(
      both.ids.map((id) => ({ id, outcome: "unconfirmed", message: expect.stringContaining("alert not found") })),
    )
  })

  test("that Falcon refuses, counting nothing, is on no alert", async () => {
    const outcome = await comment(written(0, [{ code: 404, message: "alert not found" }]))
    expect([outcome.succeeded, unconfirmedIn(outcome.errors)]).toEqual([0, 0])
  })

  test("on many alerts tells which calls broke off, whichever it was that came first", () =>
    withFalcon({ faults: [answering(alerts_path, 405, ""), answering(alerts_path, 500, "")] }, () =>
      Effect.gen(function* () {
        const outcome = yield* act(addNewCommentToAlert, { ids: madeUpIds(2_001), comment: "seen" })
        expect(outcome.errors.map(({ outcome: end = "failed" }) => end)).toEqual([
          ...Array(1_000).fill("failed"),
          ...Array(1_000).fill("unconfirmed"),
          "failed",
        ])
      }),
    ))
})

describe("the status of alerts", () => {
  test("that Falcon does not count is read back, and done where it shows", () =>
    withFalcon({ faults: [answering(alerts_path, 200, written(1), { skip: 1 })] }, (simulator) =>
      Effect.gen(function* () {
        const ids = Object.keys((yield* apiState(simulator)).alerts).slice(0, 2)
        yield* act(updateAlertStatus, { ids: ids.slice(0, 1), new_status: "closed" })
        expect(yield* act(updateAlertStatus, { ids, new_status: "closed" })).toMatchObject({
          succeeded: 1,
          errors: [{ id: ids[1], outcome: "unconfirmed" }],
        })
      }),
    ))
})

describe("ids of the old Detects API", () => {
  const old = `ldt:${aid}:123`

  test("are refused before anything is sent, and cost the others nothing", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const [id] = Object.keys((yield* apiState(simulator)).alerts)
        const refused = [{ id: old, code: 400, message: expect.stringContaining("composite_id") }]
        const told = { requested: 2, succeeded: 1, failed: 1, errors: refused }
        expect(yield* act(getAlertsV2, { ids: [id!, old] })).toMatchObject(told)
        expect(yield* act(updateAlertStatus, { ids: [id!, old], new_status: "closed" })).toMatchObject(told)
        expect(yield* act(addNewCommentToAlert, { ids: [old, id!], comment: "seen" })).toMatchObject(told)
        expect((yield* callsOf(simulator)).map(({ ids }) => ids)).toEqual([1, 1, 1])
      }),
    ))

  test("alone are an invalid argument", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const error = yield* failureOf(getAlertsV2, { ids: [old, old.toUpperCase()] })
        expect(error).toMatchObject({ _tag: "ArgumentError", field: "ids.0", more: [{ field: "ids.1" }] })
        expect(yield* callsOf(simulator)).toEqual([])
      }),
    ))
})

describe("one bad id", () => {
  test("is found by halving, also where a comment must not be written twice", () =>
    withFalcon({ alerts: 64, faults: [answering(alerts_path, 400, "", { count: 7 })] }, (simulator) =>
      Effect.gen(function* () {
        const ids = Object.keys((yield* apiState(simulator)).alerts)
        const outcome = yield* act(addNewCommentToAlert, { ids, comment: "seen" })
        expect(outcome).toMatchObject({ succeeded: 63, errors: [{ id: ids[0], code: 400 }] })
        const { alerts } = yield* apiState(simulator)
        expect(Object.values(alerts).map(({ comments }) => comments.length)).toEqual([0, ...Array(63).fill(1)])
      }),
    ))

  test("is found among indicators to delete, of which the others are deleted", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const rows = Array.from({ length: 8 }, (_, i) => ({
          type: "domain" as const,
          value: `host-${i}.example.com`,
          action: "detect" as const,
          severity: "high" as const,
          platforms: ["windows" as const],
          applied_globally: true,
        }))
        const created = yield* act(createIndicators, { indicators: rows })
        const ids = created.resources.map((one) => (one as { readonly id: string }).id)
        // The whole, its first half, the half of that, and the one in it.
        simulator.addFault(
          answering("/iocs/entities/indicators/v1", 400, { errors: [{ code: 400, message: "no" }] }, { count: 4 }),
        )
        const outcome = yield* act(deleteIndicators, { ids })
        expect(outcome).toMatchObject({ succeeded: 7, errors: [{ id: ids[0], code: 400 }] })
        expect(outcome.resources).toEqual(ids.slice(1))
      }),
    ))

  test("is not looked for without end when Falcon refuses everything", () =>
    withFalcon({ faults: [answering(alerts_path, 400, "", { every: 1 })] }, (simulator) =>
      Effect.gen(function* () {
        const error = yield* failureOf(addNewCommentToAlert, { ids: madeUpIds(1_000), comment: "seen" })
        expect(error).toMatchObject({ reason: "rejected", status: 400 })
        expect("errors" in error && error.errors).toHaveLength(1_000)
        expect((yield* callsOf(simulator)).length).toBeLessThan(100)
      }),
    ))
})

describe("a host action", () => {
  const conflict = (id: string) =>
    answering(actions_path, 409, { errors: [{ code: 409, message: `action contain is not available for ID ${id}` }] })

  test("that meets a host which is that way already is done, as its status shows", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const [id] = Object.keys((yield* apiState(simulator)).hosts)
        yield* act(isolateEndpoints, { ids: [id!] })
        simulator.addFault(conflict(id!))
        expect(yield* act(isolateEndpoints, { ids: [id!] })).toMatchObject({
          succeeded: 1,
          errors: [],
          resources: [{ id, status: "containment_pending" }],
        })
      }),
    ))

  test("that meets a true conflict failed, and tells the status", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const [id] = Object.keys((yield* apiState(simulator)).hosts)
        simulator.addFault(conflict(id!))
        const error = yield* failureOf(isolateEndpoints, { ids: [id!] })
        expect(error).toMatchObject({
          reason: "rejected",
          status: 409,
          errors: [{ id, code: 409, message: expect.stringContaining("its status is normal") }],
        })
      }),
    ))

  test("whose conflict cannot be looked into is unconfirmed", () =>
    withFalcon({ api_scopes: ["Hosts: Write"] }, (simulator) =>
      Effect.gen(function* () {
        const [id] = Object.keys((yield* apiState(simulator)).hosts)
        simulator.addFault(conflict(id!))
        const outcome = yield* act(isolateEndpoints, { ids: [id!] })
        expect(outcome).toMatchObject({ succeeded: 0, errors: [{ id, code: 409, outcome: "unconfirmed" }] })
      }),
    ))

  test.each(["", { meta: {}, errors: [] }])("accepted without a word about the hosts is not confirmed: %j", (body) =>
    withFalcon({ faults: [answering(actions_path, 202, body)] }, () =>
      Effect.gen(function* () {
        expect(yield* act(performHostAction, { ids: [aid!], action_name: "hide_host" })).toMatchObject({
          succeeded: 0,
          errors: [{ id: aid, code: 202, outcome: "unconfirmed", message: expect.stringContaining("accepted") }],
        })
      }),
    ),
  )

  test("gives each host its own error, named in the text, and reads ids without case", () => {
    const errors = [
      { code: 404, message: `No matching device found for ID ${cid}` },
      { code: 400, message: `action contain is not available for ID: ${other}.` },
    ]
    return withFalcon({ faults: [answering(actions_path, 202, { resources: [{ id: aid }], errors })] }, () =>
      Effect.gen(function* () {
        const outcome = yield* act(isolateEndpoints, { ids: [aid!.toUpperCase(), other!, cid!, aid!] })
        expect(outcome).toMatchObject({
          requested: 3,
          succeeded: 1,
          errors: [
            { id: other, code: 400 },
            { id: cid, code: 404 },
          ],
        })
      }),
    )
  })

  test("with fewer errors than hosts that did not come back fails none of them for certain", () =>
    withFalcon(
      {
        faults: [answering(actions_path, 202, { resources: [{ id: aid }], errors: [{ code: 404, message: "gone" }] })],
      },
      () =>
        Effect.gen(function* () {
          const outcome = yield* act(isolateEndpoints, { ids: [aid!, other!, cid!] })
          expect([outcome.succeeded, unconfirmedIn(outcome.errors)]).toEqual([1, 2])
        }),
    ))

  test("looks at no host in a dry run", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        expect(yield* dryRun(isolateEndpoints, { ids: ["a"] })).toHaveLength(1)
      }),
    ))
})

describe("policies that were created", () => {
  test("but do not come back are unconfirmed", () =>
    withFalcon({ faults: [answering("/policy/", 201, { errors: [], resources: [] })] }, () =>
      Effect.gen(function* () {
        const resources = [{ name: "Phase 1", platform_name: "Mac" as const }]
        const outcome = yield* act(createPreventionPolicies, { resources })
        expect(outcome.errors).toMatchObject([{ id: "resources.0", code: 201, outcome: "unconfirmed" }])
      }),
    ))
})

describe("what came back exists", () => {
  test.each([
    [getAlertsV2, "/alerts/", "composite_id", { process_id: 392734873135, severity: "high", tags: "x", tactic: ["a"] }],
    [getDeviceDetails, "/devices/", "device_id", { groups: { a: 1 }, status: 7 }],
    [getPreventionPolicies, "/policy/", "id", { enabled: "yes", groups: {}, cid: 3 }],
  ] as const)("whatever the types of its other fields: %#", (action, path, key, more) => {
    const resource = { [key]: first, ...more }
    return withFalcon({ faults: [answering(path, 200, { resources: [resource], errors: [] })] }, () =>
      Effect.gen(function* () {
        expect(yield* act(action, { ids: [first] })).toMatchObject({ succeeded: 1, resources: [resource] })
      }),
    )
  })

  test("and an answer without anything in it does not say that nothing exists", () =>
    withFalcon({ faults: [answering("/devices/", 200, "", { count: 2 })] }, () =>
      Effect.gen(function* () {
        expect(yield* failureOf(getDeviceDetails, { ids: [aid!] })).toMatchObject({ reason: "malformed" })
      }),
    ))
})
