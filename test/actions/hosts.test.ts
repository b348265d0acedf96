import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { deisolateEndpoints } from "../../src/plugins/hosts/deisolate-endpoints.ts"
import { getDeviceDetails } from "../../src/plugins/hosts/get-device-details.ts"
import { getOnlineState } from "../../src/plugins/hosts/get-online-state.ts"
import { isolateEndpoints } from "../../src/plugins/hosts/isolate-endpoints.ts"
import { per_call } from "../../src/plugins/hosts/limits.ts"
import { performHostAction } from "../../src/plugins/hosts/perform-host-action.ts"
import { queryDeviceLoginHistory } from "../../src/plugins/hosts/query-device-login-history.ts"
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

const actions_path = "/devices/entities/devices-actions/v2"

describe("isolating hosts", () => {
  test("contains them at once and shows it a moment later; lifting brings them back", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const ids = Object.keys((yield* apiState(simulator)).hosts).slice(0, 2)
        const status = Effect.map(act(getDeviceDetails, { ids }), ({ resources }) =>
          resources.map((host) => (host as { status: string }).status),
        )
        const outcome = yield* act(isolateEndpoints, { ids })
        expect(outcome).toMatchObject({ requested: 2, succeeded: 2, failed: 0, errors: [] })
        expect(outcome.resources.map((host) => (host as { id: string }).id)).toEqual(ids)
        expect(yield* status).toEqual(["containment_pending", "containment_pending"])
        yield* Effect.sleep("11 seconds")
        expect(yield* status).toEqual(["contained", "contained"])
        yield* act(isolateEndpoints, { ids })
        expect(yield* status).toEqual(["contained", "contained"])
        yield* act(deisolateEndpoints, { ids })
        expect(yield* status).toEqual(["lift_containment_pending", "lift_containment_pending"])
        yield* Effect.sleep("11 seconds")
        expect(yield* status).toEqual(["normal", "normal"])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("says per id what did not work, beside what did", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const [good] = Object.keys((yield* apiState(simulator)).hosts)
        const outcome = yield* act(isolateEndpoints, { ids: [good!, "unknown"] })
        expect(outcome).toMatchObject({ requested: 2, succeeded: 1, failed: 1 })
        expect(outcome.errors).toEqual([{ id: "unknown", code: 404, message: "host not found" }])
        expect(outcome.trace_ids).toHaveLength(1)
      }),
    ))

  test("does not find a host that Falcon's list leaves out without a word", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const ids = Object.keys((yield* apiState(simulator)).hosts).slice(0, 2)
        const body = JSON.stringify({ meta: {}, resources: [{ device_id: ids[0] }], errors: [] })
        simulator.addFault(faultOn("/devices/entities/devices/v2", { status: 200, body }))
        const outcome = yield* act(getDeviceDetails, { ids })
        expect(outcome).toMatchObject({ requested: 2, succeeded: 1, failed: 1, errors: [{ id: ids[1], code: 404 }] })
      }),
    ))

  test("fails when no id worked", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const error = yield* failureOf(isolateEndpoints, { ids: ["unknown"] })
        expect(error).toMatchObject({ _tag: "FalconError", reason: "rejected", status: 404 })
      }),
    ))

  test("is repeated after a 500, since containing twice is the same as once", () =>
    withFalcon({ faults: [faultOn(actions_path, { status: 500 })] }, (simulator) =>
      Effect.gen(function* () {
        const [id] = Object.keys((yield* apiState(simulator)).hosts)
        expect(yield* act(isolateEndpoints, { ids: [id!] })).toMatchObject({ succeeded: 1 })
        expect((yield* callsOf(simulator)).map(({ status }) => status)).toEqual([500, 202])
      }),
    ))

  test("names the scope that the API client lacks", () =>
    withFalcon({ api_scopes: ["Hosts: Read"] }, (simulator) =>
      Effect.gen(function* () {
        const [id] = Object.keys((yield* apiState(simulator)).hosts)
        const error = yield* failureOf(isolateEndpoints, { ids: [id!] })
        expect(error).toMatchObject({ reason: "forbidden", status: 403, scopes: ["Hosts: Write"] })
        expect(error.message).toContain("Hosts: Write")
        expect((yield* act(getOnlineState, { ids: [id!] })).succeeded).toBe(1)
      }),
    ))

  test("shows in a dry run what it would send, and sends nothing", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        expect(yield* dryRun(isolateEndpoints, { ids: ["a", "b", "a"] })).toEqual([
          { method: "POST", url: `${base_url}${actions_path}?action_name=contain`, body: { ids: ["a", "b"] } },
        ])
        expect(yield* callsOf(simulator)).toEqual([])
      }),
    ))
})

describe("host actions", () => {
  test.each(["contain", "lift_containment", "detection_suppress", "detection_unsuppress"] as const)(
    "%s goes in calls of 500",
    (action_name) =>
      withFalcon({ hosts: 1200 }, (simulator) =>
        Effect.gen(function* () {
          const ids = Object.keys((yield* apiState(simulator)).hosts)
          expect(yield* act(performHostAction, { ids, action_name })).toMatchObject({
            requested: 1200,
            succeeded: 1200,
          })
          expect((yield* callsOf(simulator)).map((call) => call.ids)).toEqual([500, 500, 200])
          expect(violationsOf(simulator)).toEqual([])
        }),
      ),
  )

  test.each([
    ["hide_host", true],
    ["unhide_host", false],
  ] as const)("%s goes in calls of 100", (action_name, hidden) =>
    withFalcon({ hosts: 250 }, (simulator) =>
      Effect.gen(function* () {
        const { hosts } = yield* apiState(simulator)
        expect(yield* act(performHostAction, { ids: Object.keys(hosts), action_name })).toMatchObject({
          succeeded: 250,
        })
        expect((yield* callsOf(simulator)).map((call) => call.ids)).toEqual([100, 100, 50])
        const after = Object.values((yield* apiState(simulator)).hosts)
        expect(after.every((host) => host.hidden === hidden)).toBe(true)
      }),
    ),
  )

  test("are refused before anything is sent when unknown", () => {
    const parsed = performHostAction.arguments.safeParse({ ids: ["a"], action_name: "delete" })
    expect(parsed.error?.issues[0]?.path).toEqual(["action_name"])
  })
})

describe("device details", () => {
  test("of 12,000 hosts take three calls, each host once and in order", () =>
    withFalcon({ hosts: 12_000 }, (simulator) =>
      Effect.gen(function* () {
        const ids = Object.keys((yield* apiState(simulator)).hosts)
        const outcome = yield* act(getDeviceDetails, { ids: [...ids, ...ids.slice(0, 500)] })
        expect(outcome).toMatchObject({ requested: 12_000, succeeded: 12_000, failed: 0 })
        expect(outcome.resources.map((host) => (host as { device_id: string }).device_id)).toEqual(ids)
        expect((yield* callsOf(simulator)).map((call) => call.ids)).toEqual([5000, 5000, 2000])
        expect(outcome.trace_ids).toHaveLength(3)
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("keep what Falcon left empty", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const [id] = Object.keys((yield* apiState(simulator)).hosts)
        const { resources } = yield* act(getDeviceDetails, { ids: [id!] })
        expect(resources[0]).toMatchObject({ device_id: id, ou: null })
        expect(getDeviceDetails.resource.parse(resources[0])).toEqual(resources[0])
      }),
    ))

  test("keep the calls that worked when a later one fails", () =>
    withFalcon(
      { hosts: 6000, faults: [faultOn("/devices/entities/devices/v2", { status: 405 }, { skip: 1 })] },
      (simulator) =>
        Effect.gen(function* () {
          const ids = Object.keys((yield* apiState(simulator)).hosts)
          const outcome = yield* act(getDeviceDetails, { ids })
          expect(outcome).toMatchObject({ requested: 6000, succeeded: 5000, failed: 1000 })
          expect(outcome.errors[0]).toMatchObject({ id: ids[5000], code: 405 })
        }),
    ))

  test("wait for as long as a 429 asks", () => {
    const at_s = Date.UTC(2026, 0, 15) / 1000 + 30
    const limited = { status: 429, headers: { "x-ratelimit-retryafter": String(at_s) } }
    return withFalcon({ faults: [faultOn("/devices", limited)] }, (simulator) =>
      Effect.gen(function* () {
        const [id] = Object.keys((yield* apiState(simulator)).hosts)
        expect(yield* act(getDeviceDetails, { ids: [id!] })).toMatchObject({ succeeded: 1 })
        const [first, second] = yield* callsOf(simulator)
        expect([first!.status, second!.status]).toEqual([429, 200])
        expect(second!.at_ms).toBeGreaterThanOrEqual(at_s * 1000)
      }),
    )
  })

  test.each(["hang", "reset", { slow: { delay_ms: 40_000 } }])(
    "come in spite of a connection that does this once: %j",
    (deed) =>
      withFalcon({ faults: [faultOn("/devices", deed)] }, (simulator) =>
        Effect.gen(function* () {
          const [id] = Object.keys((yield* apiState(simulator)).hosts)
          expect(yield* act(getDeviceDetails, { ids: [id!] })).toMatchObject({ succeeded: 1 })
        }),
      ),
  )
})

test("the online state of 250 hosts takes three calls", () =>
  withFalcon({}, (simulator) =>
    Effect.gen(function* () {
      const ids = Object.keys((yield* apiState(simulator)).hosts).slice(0, 250)
      const outcome = yield* act(getOnlineState, { ids: [...ids.slice(1), ids[0]!, "unknown"] })
      expect(outcome).toMatchObject({ requested: 251, succeeded: 250, failed: 1 })
      expect(outcome.errors).toMatchObject([{ id: "unknown", code: 404 }])
      expect((yield* callsOf(simulator)).map((call) => call.ids)).toEqual([100, 100, 51])
      expect(violationsOf(simulator)).toEqual([])
    }),
  ))

test("the login history of 25 hosts takes three calls to the combined path", () =>
  withFalcon({}, (simulator) =>
    Effect.gen(function* () {
      const ids = Object.keys((yield* apiState(simulator)).hosts).slice(0, 25)
      const outcome = yield* act(queryDeviceLoginHistory, { ids })
      expect(outcome).toMatchObject({ requested: 25, succeeded: 25 })
      const calls = yield* callsOf(simulator)
      expect(calls.map((call) => call.ids)).toEqual([10, 10, 5])
      expect(new Set(calls.map(({ path }) => path))).toEqual(new Set(["/devices/combined/devices/login-history/v2"]))
      expect(violationsOf(simulator)).toEqual([])
    }),
  ))

describe("ids", () => {
  test("are trimmed, and refused when empty, too long, too many or with control characters", () => {
    const issues = (ids: unknown) => getDeviceDetails.arguments.safeParse({ ids }).error?.issues.length ?? 0
    expect(getDeviceDetails.arguments.parse({ ids: [" a "] })).toEqual({ ids: ["a"] })
    for (const wrong of [[], [""], ["a".repeat(201)], ["a\nb"], madeUpIds(50_001), "a", undefined]) {
      expect(issues(wrong)).toBeGreaterThan(0)
    }
  })

  test("go in calls as large as Falcon allows", () => {
    expect(per_call).toMatchObject({
      host_details: 5_000,
      host_online_state: 100,
      host_login_history: 10,
      host_visibility: 100,
      host_actions: 500,
    })
  })
})
