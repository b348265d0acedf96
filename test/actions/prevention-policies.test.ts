import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import type { PolicyState } from "../../simulator/api/state.ts"
import type { Simulator } from "../../simulator/simulator.ts"
import { fieldErrors } from "../../src/core/actions/problem.ts"
import { createPreventionPolicies } from "../../src/plugins/prevention-policies/create-prevention-policies.ts"
import { deletePreventionPolicies } from "../../src/plugins/prevention-policies/delete-prevention-policies.ts"
import { getPreventionPolicies } from "../../src/plugins/prevention-policies/get-prevention-policies.ts"
import { performPreventionPolicyAction } from "../../src/plugins/prevention-policies/perform-prevention-policy-action.ts"
import { updatePreventionPolicies } from "../../src/plugins/prevention-policies/update-prevention-policies.ts"
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

const path = "/policy/entities/prevention/v1"

const policiesOf = (simulator: Simulator): Effect.Effect<readonly PolicyState[]> =>
  Effect.map(apiState(simulator), ({ policies }) => Object.values(policies))

describe("looking prevention policies up", () => {
  test("gives their settings, and names unknown ids", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const ids = (yield* policiesOf(simulator)).map(({ id }) => id)
        const outcome = yield* act(getPreventionPolicies, { ids: [...ids, "unknown"] })
        expect(outcome).toMatchObject({ succeeded: ids.length, failed: 1, errors: [{ id: "unknown", code: 404 }] })
        expect(outcome.resources.map((one) => getPreventionPolicies.resource.parse(one))).toEqual([
          ...outcome.resources,
        ])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("splits ids so that their URL stays short enough", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const [known] = yield* policiesOf(simulator)
        const long = madeUpIds(300).map((id) => id.repeat(2))
        yield* act(getPreventionPolicies, { ids: [known!.id, ...madeUpIds(999)] })
        yield* act(getPreventionPolicies, { ids: [known!.id, ...long] })
        expect((yield* callsOf(simulator)).map((call) => call.ids)).toEqual([351, 351, 298, 188, 113])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))
})

describe("creating prevention policies", () => {
  const rows = [
    { name: "Phase 1", platform_name: "Windows" as const, description: "detect only" },
    { name: "Phase 1", platform_name: "Linux" as const },
    {
      name: "Phase 2",
      platform_name: "Mac" as const,
      settings: [{ id: "EndUserNotifications", value: { enabled: true } }],
    },
  ]

  test("sends all rows in one call, and answers what was made", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const before = (yield* policiesOf(simulator)).length
        const outcome = yield* act(createPreventionPolicies, { resources: rows })
        expect(outcome).toMatchObject({ requested: 3, succeeded: 3, failed: 0, errors: [] })
        expect(outcome.resources).toMatchObject(rows.map(({ name }) => ({ name, enabled: false })))
        expect(yield* policiesOf(simulator)).toHaveLength(before + 3)
        expect(yield* callsOf(simulator)).toMatchObject([{ method: "POST", path, ids: 3, status: 201 }])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("names the row that Falcon refuses, and makes the others", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const wrong = { ...rows[0]!, name: "Wrong", settings: [{ id: "NoSuchSetting", value: {} }] }
        const outcome = yield* act(createPreventionPolicies, { resources: [rows[0]!, wrong, rows[2]!] })
        expect(outcome).toMatchObject({ requested: 3, succeeded: 2, failed: 1 })
        expect(outcome.errors).toEqual([
          {
            id: "resources.1",
            code: 400,
            message: "prevention_policies.create: Falcon answered 400: unknown setting id",
          },
        ])
        expect((yield* callsOf(simulator)).map(({ status }) => status)).toEqual([400, 400, 201, 400, 201])
      }),
    ))

  test("sends more rows than one call takes in several, and halves only the one that is refused", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const resources = Array.from({ length: 1_001 }, (_, n) => ({ ...rows[1]!, name: `Phase ${n}` }))
        Object.assign(resources[600]!, { settings: [{ id: "NoSuchSetting", value: {} }] })
        const outcome = yield* act(createPreventionPolicies, { resources })
        expect(outcome).toMatchObject({ requested: 1_001, succeeded: 1_000, errors: [{ id: "resources.600" }] })
        const calls = yield* callsOf(simulator)
        expect(calls.map(({ ids }) => ids).slice(0, 7)).toEqual(Array(7).fill(100))
        expect(calls).toHaveLength(25)
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("names the row that has no valid platform, before anything is sent", () => {
    const parsed = createPreventionPolicies.arguments.safeParse({
      resources: [rows[0], { name: "a", platform_name: "BeOS" }],
    })
    expect(parsed.error?.issues[0]?.path).toEqual(["resources", 1, "platform_name"])
  })

  test("refuses two rows of one name, before anything is sent", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const error = yield* failureOf(createPreventionPolicies, { resources: [rows[0]!, rows[1]!, rows[0]!] })
        expect(error).toMatchObject({ _tag: "ArgumentError", field: "resources.2" })
        expect(yield* callsOf(simulator)).toEqual([])
      }),
    ))

  test("is not repeated after a 500, nor row by row", () =>
    withFalcon({ faults: [faultOn(path, { status: 500 })] }, (simulator) =>
      Effect.gen(function* () {
        expect(yield* act(createPreventionPolicies, { resources: rows })).toMatchObject({
          succeeded: 0,
          errors: [0, 1, 2].map((at) => ({ id: `resources.${at}`, code: 500, outcome: "unconfirmed" })),
        })
        expect(yield* callsOf(simulator)).toHaveLength(1)
      }),
    ))

  test("sends rows as they are, as a dry run shows", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const resources = [{ ...rows[0]!, clone_id: "a" }]
        expect(yield* dryRun(createPreventionPolicies, { resources })).toEqual([
          { method: "POST", url: base_url + path, body: { resources } },
        ])
        expect(yield* callsOf(simulator)).toEqual([])
      }),
    ))

  test.each([
    ["prevention_settings", { prevention_settings: [] }],
    ["enabled", { enabled: true }],
    ["descripton", { descripton: "a typo" }],
    ["settings.0.name", { settings: [{ id: "a", name: "b", value: {} }] }],
  ])("refuses by name a key that Falcon would swallow: %s", (name, more) => {
    for (const parsed of [
      createPreventionPolicies.arguments.safeParse({ resources: [{ ...rows[0]!, ...more }] }),
      updatePreventionPolicies.arguments.safeParse({ resources: [{ id: "a", ...more }] }),
    ]) {
      expect(fieldErrors(parsed.error!)).toEqual([
        { field: `resources.0.${name}`, message: "there is no such argument" },
      ])
    }
  })
})

describe("updating prevention policies", () => {
  test("changes what a row says and leaves the rest", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const [, , , one, other] = yield* policiesOf(simulator)
        const settings = [{ id: "CloudAntiMalware", value: { detection: "AGGRESSIVE", prevention: "MODERATE" } }]
        const resources = [
          { id: other!.id, name: "renamed" },
          { id: one!.id, settings },
        ]
        expect(yield* act(updatePreventionPolicies, { resources })).toMatchObject({ requested: 2, succeeded: 2 })
        const { policies } = yield* apiState(simulator)
        expect(policies[other!.id]).toMatchObject({ name: "renamed", settings: other!.settings })
        expect(policies[one!.id]).toMatchObject({ name: one!.name, settings: { CloudAntiMalware: settings[0]!.value } })
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("names the row whose policy is unknown", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const [policy] = yield* policiesOf(simulator)
        const resources = [{ id: policy!.id, description: "new" }, { id: "unknown" }]
        const outcome = yield* act(updatePreventionPolicies, { resources })
        expect(outcome).toMatchObject({ requested: 2, succeeded: 1, failed: 1, errors: [{ id: "resources.1" }] })
      }),
    ))

  test("wants an id in every row, and each once", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const parsed = updatePreventionPolicies.arguments.safeParse({ resources: [{ id: "a" }, { name: "b" }] })
        expect(parsed.error?.issues[0]?.path).toEqual(["resources", 1, "id"])
        const error = yield* failureOf(updatePreventionPolicies, { resources: [{ id: "a" }, { id: "a" }] })
        expect(error).toMatchObject({ _tag: "ArgumentError", field: "resources.1" })
      }),
    ))
})

describe("deleting prevention policies", () => {
  test("needs them disabled, and never takes a Default", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const policies = yield* policiesOf(simulator)
        const fallback = policies.find(({ name }) => name === "platform_default")!
        const enabled = policies.find((policy) => policy.enabled && policy !== fallback && policy.name === "Servers")!
        const disabled = policies.find((policy) => !policy.enabled)!
        const ids = [fallback.id, enabled.id, disabled.id, "unknown"]
        const outcome = yield* act(deletePreventionPolicies, { ids })
        expect(outcome).toMatchObject({ requested: 4, succeeded: 1, failed: 3, resources: [disabled.id] })
        expect(outcome.errors.map(({ id, code }) => [id, code])).toEqual([
          [fallback.id, 400],
          [enabled.id, 400],
          ["unknown", 404],
        ])
        yield* act(performPreventionPolicyAction, { ids: [enabled.id], action_name: "disable" })
        expect(yield* act(deletePreventionPolicies, { ids: [enabled.id] })).toMatchObject({ succeeded: 1 })
        expect(yield* failureOf(deletePreventionPolicies, { ids: [fallback.id] })).toMatchObject({ reason: "rejected" })
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("without the scope says which one, also where the 403 has no meta", () =>
    withFalcon({ api_scopes: ["Prevention Policies: Read"] }, () =>
      Effect.gen(function* () {
        const error = yield* failureOf(deletePreventionPolicies, { ids: ["a"] })
        expect(error).toMatchObject({ reason: "forbidden", scopes: ["Prevention Policies: Write"] })
      }),
    ))
})

describe("actions on prevention policies", () => {
  test("enable and disable", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const ids = (yield* policiesOf(simulator)).map(({ id }) => id)
        yield* act(performPreventionPolicyAction, { ids, action_name: "disable" })
        expect((yield* policiesOf(simulator)).some(({ enabled }) => enabled)).toBe(false)
        expect(yield* act(performPreventionPolicyAction, { ids, action_name: "enable" })).toMatchObject({
          succeeded: ids.length,
        })
        expect((yield* policiesOf(simulator)).every(({ enabled }) => enabled)).toBe(true)
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test.each(["host", "rule"] as const)("add and remove a %s group", (kind) =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const [policy] = yield* policiesOf(simulator)
        const args = { ids: [policy!.id], group_id: "g1" }
        const groups = Effect.map(policiesOf(simulator), ([own]) => (kind === "host" ? own!.groups : own!.rule_groups))
        yield* act(performPreventionPolicyAction, { ...args, action_name: `add-${kind}-group` })
        expect(yield* groups).toEqual(["g1"])
        yield* act(performPreventionPolicyAction, { ...args, action_name: `remove-${kind}-group` })
        expect(yield* groups).toEqual([])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ),
  )

  test("want a group exactly where one is needed", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const missing = yield* failureOf(performPreventionPolicyAction, { ids: ["a"], action_name: "add-host-group" })
        expect(missing).toMatchObject({ _tag: "ArgumentError", field: "group_id" })
        const superfluous = { ids: ["a"], action_name: "enable" as const, group_id: "g1" }
        expect(yield* failureOf(performPreventionPolicyAction, superfluous)).toMatchObject({ field: "group_id" })
        expect(yield* callsOf(simulator)).toEqual([])
      }),
    ))

  test("go one policy a call, since Falcon takes no more", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const requests = yield* dryRun(performPreventionPolicyAction, { ids: madeUpIds(2), action_name: "disable" })
        const url = `${base_url}/policy/entities/prevention-actions/v1?action_name=disable`
        expect(requests).toEqual(madeUpIds(2).map((id) => ({ method: "POST", url, body: { ids: [id] } })))
      }),
    ))

  test("name a host group and a rule group as Falcon does: neither name works in the other's place", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const nameFor = (action_name: "add-host-group" | "remove-rule-group") =>
          Effect.map(
            dryRun(performPreventionPolicyAction, { ids: ["a"], action_name, group_id: "g" }),
            ([request]) => Object(request?.body).action_parameters,
          )
        expect(yield* nameFor("add-host-group")).toEqual([{ name: "group_id", value: "g" }])
        expect(yield* nameFor("remove-rule-group")).toEqual([{ name: "rule_group_id", value: "g" }])
      }),
    ))

  test("are not done while Falcon returns the policy as it was, whatever the status says", () => {
    const body = { errors: [], resources: [{ id: "a", enabled: true, groups: [{ id: "other" }] }] }
    const fault = faultOn("/policy/", { status: 200, body: JSON.stringify(body) }, { count: 2 })
    return withFalcon({ faults: [fault] }, () =>
      Effect.gen(function* () {
        const open = { succeeded: 0, errors: [{ id: "a", code: 200, outcome: "unconfirmed" }] }
        expect(yield* act(performPreventionPolicyAction, { ids: ["a"], action_name: "disable" })).toMatchObject(open)
        const added = { ids: ["a"], action_name: "add-host-group" as const, group_id: "mine" }
        expect(yield* act(performPreventionPolicyAction, added)).toMatchObject(open)
      }),
    )
  })
})
