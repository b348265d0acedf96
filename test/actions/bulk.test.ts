import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { getDeviceDetails } from "../../src/plugins/hosts/get-device-details.ts"
import { isolateEndpoints } from "../../src/plugins/hosts/isolate-endpoints.ts"
import { createIndicators } from "../../src/plugins/iocs/create-indicators.ts"
import { deleteIndicators } from "../../src/plugins/iocs/delete-indicators.ts"
import { createPreventionPolicies } from "../../src/plugins/prevention-policies/create-prevention-policies.ts"
import { deletePreventionPolicies } from "../../src/plugins/prevention-policies/delete-prevention-policies.ts"
import { updatePreventionPolicies } from "../../src/plugins/prevention-policies/update-prevention-policies.ts"
import { act, apiState, callsOf, failureOf, faultOn, madeUpIds, withFalcon } from "./support.ts"

const forbidden = '{"meta":{},"resources":null,"errors":[{"code":403,"message":"access denied, authorization failed"}]}'

test("ids that differ in case only are asked for once, as the first one was written", () =>
  withFalcon({}, (simulator) =>
    Effect.gen(function* () {
      const [id] = Object.keys((yield* apiState(simulator)).hosts)
      const outcome = yield* act(getDeviceDetails, { ids: [id!, id!.toUpperCase()] })
      expect(outcome).toMatchObject({ requested: 1, succeeded: 1, failed: 0 })
      expect(outcome.resources.length).toBe(1)
    }),
  ))

describe("when nothing worked, the failure tells", () => {
  test("why each id of each call did not", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const ids = madeUpIds(501)
        const error = yield* failureOf(isolateEndpoints, { ids })
        expect(error).toMatchObject({ reason: "rejected", message: expect.stringContaining("2 calls failed") })
        expect("errors" in error && error.errors).toEqual(
          ids.map((id) => ({ id, code: 404, message: "host not found" })),
        )
      }),
    ))

  test("once what stood in the way of all of them", () =>
    withFalcon({ api_scopes: [] }, () =>
      Effect.gen(function* () {
        const error = yield* failureOf(isolateEndpoints, { ids: madeUpIds(501) })
        expect(error).toMatchObject({ reason: "forbidden", errors: [{ code: 403 }] })
        expect(error.message).not.toContain("calls failed")
      }),
    ))

  test("why each policy to be created or updated was refused", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const settings = [{ id: "NoSuchSetting", value: {} }]
        const refused = ["resources.0", "resources.1"].map((id) => ({
          id,
          code: 400,
          message: expect.stringContaining("unknown setting id"),
        }))
        const resources = ["a", "b"].map((name) => ({ name, platform_name: "Mac" as const, settings }))
        const created = yield* failureOf(createPreventionPolicies, { resources })
        expect(created).toMatchObject({ reason: "rejected", errors: refused })
        const changes = ["a", "b"].map((id) => ({ id, settings }))
        expect(yield* failureOf(updatePreventionPolicies, { resources: changes })).toMatchObject({ errors: refused })
      }),
    ))

  test("why each indicator to be created was refused, by Falcon or before", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const row = (value: string) => ({ type: "domain", value, action: "detect" as const, platforms: [] })
        const indicators = [row("a.example"), row("no domain"), row("b.example")]
        const error = yield* failureOf(createIndicators, { indicators })
        expect(error).toMatchObject({ reason: "rejected" })
        expect("errors" in error && error.errors).toMatchObject([
          { id: "domain:no domain", code: 400, message: "indicators.1: not a domain name" },
          { id: "domain:a.example", code: 400, message: expect.stringContaining("indicators.0: ") },
          { id: "domain:b.example", code: 400, message: expect.stringContaining("indicators.2: ") },
        ])
      }),
    ))

  test("which indicators could not even be sent", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const row = (value: string) => ({
          type: "domain",
          value,
          action: "detect" as const,
          platforms: ["mac" as const],
        })
        const error = yield* failureOf(createIndicators, { indicators: [row("no domain"), row("nor this")] })
        expect(error).toMatchObject({ _tag: "ArgumentError", field: "indicators.0", message: "not a domain name" })
        expect("more" in error && error.more).toEqual([{ field: "indicators.1", message: "not a domain name" }])
        expect(yield* callsOf(simulator)).toEqual([])
      }),
    ))

  test("that indicators may have been created, whichever call it was", () =>
    withFalcon({ faults: [faultOn("/iocs/", { status: 400 }), faultOn("/iocs/", { status: 500 })] }, () =>
      Effect.gen(function* () {
        const row = (n: number) => ({ type: "domain", value: `a${n}.example`, platforms: [] })
        const error = yield* failureOf(createIndicators, { indicators: [row(0), row(1), row(2)] })
        expect(error).toMatchObject({ reason: "outcome_unknown", status: 500 })
        expect("errors" in error && error.errors).toHaveLength(1)
      }),
    ))

  test("that a scope is missing, although Falcon says so with a 200", () =>
    withFalcon({ faults: [faultOn("/devices/", { status: 200, body: forbidden })] }, () =>
      Effect.gen(function* () {
        const error = yield* failureOf(getDeviceDetails, { ids: madeUpIds(1) })
        expect(error).toMatchObject({ reason: "forbidden", scopes: ["Hosts: Read"] })
      }),
    ))
})

describe("a deletion", () => {
  test.each([
    ["indicator", deleteIndicators, "/iocs/"],
    ["policy", deletePreventionPolicies, "/policy/"],
  ] as const)("that Falcon does not confirm does not count as done: %s", (_, action, path) =>
    withFalcon({ faults: [faultOn(path, { status: 200, body: '{"meta":{},"errors":[],"resources":["a"]}' })] }, () =>
      Effect.gen(function* () {
        expect(yield* act(action, { ids: ["a", "b"] })).toMatchObject({
          succeeded: 1,
          failed: 1,
          resources: ["a"],
          errors: [
            {
              id: "b",
              code: 200,
              outcome: "unconfirmed",
              message: expect.stringContaining("not among those that Falcon deleted"),
            },
          ],
        })
      }),
    ),
  )
})
