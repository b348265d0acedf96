/** A 2xx that returns a thing as it was before has changed nothing: what it shows counts, and not its status. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { closeCase } from "../../src/plugins/cases/close-case.ts"
import { mergeCases } from "../../src/plugins/cases/merge-cases.ts"
import { updateCase } from "../../src/plugins/cases/update-case.ts"
import { createPreventionPolicies } from "../../src/plugins/prevention-policies/create-prevention-policies.ts"
import { updatePreventionPolicies } from "../../src/plugins/prevention-policies/update-prevention-policies.ts"
import { act, faultOn, withFalcon } from "./support.ts"

const answering = (...bodies: readonly (readonly unknown[])[]) =>
  bodies.map((resources, skip) => ({
    ...faultOn("/", { status: 200, body: JSON.stringify({ meta: {}, errors: [], resources }) }),
    skip,
  }))

const before = { id: "c", status: "new", severity: 10, version: 4, assigned_to: { uuid: "U-1" } }

describe("a case that comes back as it was before", () => {
  test.each([
    [{ status: "closed" as const }, "status"],
    [{ severity: 90 }, "severity"],
    [{ status: "closed" as const, severity: 90 }, "severity and status"],
    [{ assigned_to_user_uuid: "u-2" }, "assigned_to_user_uuid"],
    [{ remove_user_assignment: true as const }, "remove_user_assignment"],
  ])("is unconfirmed: %j", (fields, named) =>
    withFalcon({ faults: answering([before], [before]) }, () =>
      Effect.gen(function* () {
        expect(yield* act(updateCase, { id: "c", ...fields })).toMatchObject({
          succeeded: 0,
          errors: [{ id: "c", outcome: "unconfirmed", message: expect.stringContaining(`another ${named} than`) }],
        })
      }),
    ),
  )

  test.each([{}, { expected_version: 4 }])("is done when reading it back shows the change: %j", (version) => {
    const after = { ...before, status: "closed", version: 5 }
    return withFalcon({ faults: answering([before], [after]) }, () =>
      Effect.gen(function* () {
        expect(yield* act(closeCase, { id: "c", ...version })).toMatchObject({ succeeded: 1, errors: [] })
      }),
    )
  })

  test("is done when it shows nothing of what was set, or shows it in another case", () =>
    withFalcon({ faults: answering([{ id: "c" }], [before]) }, () =>
      Effect.gen(function* () {
        expect(yield* act(closeCase, { id: "c" })).toMatchObject({ succeeded: 1 })
        expect(yield* act(updateCase, { id: "c", assigned_to_user_uuid: "u-1" })).toMatchObject({ succeeded: 1 })
      }),
    ))
})

describe("a merge of cases", () => {
  const holding = (id: string, version: number, ...alerts: readonly string[]) => ({
    ...{ id, version },
    evidence: { alerts: { records: alerts.map((one) => ({ id: one })) } },
  })
  const merged = act(mergeCases, { destination_id: "a", source_id: "b" })

  test("that shows only what the case had before is unconfirmed", () => {
    const both = [holding("a", 1, "x", "y"), holding("b", 1, "X")]
    return withFalcon({ faults: answering(both, [], both) }, () =>
      Effect.gen(function* () {
        expect(yield* merged).toMatchObject({ succeeded: 0, errors: [{ id: "b", outcome: "unconfirmed" }] })
      }),
    )
  })

  test("that comes with an error, and shows the evidence all the same, is not told as undone", () => {
    const [a, b, after] = [holding("a", 1), holding("b", 1, "x"), holding("a", 2, "x")]
    const [look, merge, again] = answering([a, b], [], [after])
    const body = JSON.stringify({ errors: [{ code: 409, message: "being merged" }] })
    const refusing = { ...faultOn("/", { status: 200, body }), skip: merge!.skip }
    return withFalcon({ faults: [look!, refusing, again!] }, () =>
      Effect.gen(function* () {
        expect(yield* merged).toMatchObject({ succeeded: 0, errors: [{ code: 409, outcome: "unconfirmed" }] })
      }),
    )
  })
})

describe("a prevention policy that comes back otherwise", () => {
  const settings = [{ id: "CloudAntiMalware", value: { detection: "AGGRESSIVE", prevention: "MODERATE" } }]
  const showing = (value: unknown, id = "cloudantimalware") => ({
    ...{ id: "p", name: "P", platform_name: "Windows" },
    prevention_settings: [null, { name: "c", settings: [null, { id, value }] }],
  })

  test.each([
    [
      { id: "p", settings },
      showing({ detection: "DISABLED", prevention: "MODERATE" }),
      "detection DISABLED instead of",
    ],
    [{ id: "p", settings }, showing({ enabled: true }, "Other"), "no setting CloudAntiMalware"],
    [{ id: "p", name: "Q" }, showing({}), "another name"],
  ])("than it was changed to is unconfirmed: %j", (row, shown, said) =>
    withFalcon({ faults: answering([shown]) }, () =>
      Effect.gen(function* () {
        expect(yield* act(updatePreventionPolicies, { resources: [row] })).toMatchObject({
          succeeded: 0,
          errors: [{ id: "resources.0", outcome: "unconfirmed", message: expect.stringContaining(said) }],
        })
      }),
    ),
  )

  test("than it was to be made is unconfirmed, and as it was to be is made", () => {
    const made = { name: "P", platform_name: "Windows" as const, settings }
    const well = showing({ detection: "aggressive", prevention: "MODERATE", more: 1 })
    return withFalcon({ faults: answering([showing({ detection: "MODERATE" })], [well]) }, () =>
      Effect.gen(function* () {
        const open = { succeeded: 0, errors: [{ id: "resources.0", outcome: "unconfirmed" }] }
        expect(yield* act(createPreventionPolicies, { resources: [made] })).toMatchObject(open)
        expect(yield* act(createPreventionPolicies, { resources: [made] })).toMatchObject({ succeeded: 1, errors: [] })
      }),
    )
  })
})
