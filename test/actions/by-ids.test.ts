import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { addNewCommentToAlert } from "../../src/plugins/alerts/add-new-comment-to-alert.ts"
import { isolateEndpoints } from "../../src/plugins/hosts/isolate-endpoints.ts"
import { deleteIndicators } from "../../src/plugins/iocs/delete-indicators.ts"
import { createPreventionPolicies } from "../../src/plugins/prevention-policies/create-prevention-policies.ts"
import { deletePreventionPolicies } from "../../src/plugins/prevention-policies/delete-prevention-policies.ts"
import { updatePreventionPolicies } from "../../src/plugins/prevention-policies/update-prevention-policies.ts"
import { act, failureOf, faultOn, madeUpIds, withFalcon } from "./support.ts"

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

  test("that something may have happened, whichever call it was", () =>
    withFalcon(
      {
        faults: [
          faultOn("/alerts/", { status: 400 }),
          faultOn("/alerts/", { status: 500 }),
          faultOn("/alerts/", { status: 400 }),
        ],
      },
      () =>
        Effect.gen(function* () {
          const ids = madeUpIds(2_001)
          const error = yield* failureOf(addNewCommentToAlert, { ids, comment: "seen" })
          expect(error).toMatchObject({ reason: "outcome_unknown", status: 500 })
          expect("errors" in error && error.errors.map(({ code }) => code)).toEqual([
            ...Array(1_000).fill(400),
            ...Array(1_000).fill(500),
            400,
          ])
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
          errors: [{ id: "b", code: 404, message: expect.stringContaining("not among those that Falcon deleted") }],
        })
      }),
    ),
  )
})
