import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { addCaseAlerts } from "../../src/plugins/cases/add-case-evidence.ts"
import { addCaseTags, removeCaseTags } from "../../src/plugins/cases/case-tags.ts"
import { closeCase } from "../../src/plugins/cases/close-case.ts"
import { createCase } from "../../src/plugins/cases/create-case.ts"
import { getCases } from "../../src/plugins/cases/get-cases.ts"
import { mergeCases } from "../../src/plugins/cases/merge-cases.ts"
import { searchCases } from "../../src/plugins/cases/search-cases.ts"
import { updateCase } from "../../src/plugins/cases/update-case.ts"
import { act, apiState, callsOf, failureOf, faultOn, violationsOf, withFalcon } from "./support.ts"

const path = "/cases/entities/cases/v2"

const casesOf = (simulator: Parameters<typeof apiState>[0]) =>
  Effect.map(apiState(simulator), ({ cases }) => Object.values(cases))

const firstOf = (simulator: Parameters<typeof apiState>[0]) =>
  Effect.map(apiState(simulator), ({ cases }) => Object.keys(cases)[0]!)

describe("a search for cases", () => {
  test("tells how many there are and how to go on, until nothing is left", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const found: unknown[] = []
        let offset: string | undefined
        for (let calls = 0; calls < 3; calls++) {
          const page = yield* act(searchCases, { limit: 2, sort: "severity|desc", ...(offset && { offset }) })
          expect(page.total).toBe(5)
          found.push(...page.resources)
          offset = page.next === undefined ? undefined : String(page.next)
        }
        expect(offset).toBeUndefined()
        const ids = (yield* casesOf(simulator)).toSorted((a, b) => b.severity - a.severity).map(({ id }) => id)
        expect(found).toEqual(ids)
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("is followed by a lookup that keeps its order, whatever order Falcon answers in", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const { resources: ids } = yield* act(searchCases, { sort: "severity|asc" })
        const { resources } = yield* act(getCases, { ids: [...ids, "no such case"] as string[] })
        expect(resources.map((one) => (one as { id: string }).id)).toEqual(ids as string[])
      }),
    ))
})

describe("a change of a case", () => {
  test("that somebody else has changed since is a conflict that tells the version by now, and changes nothing", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const id = yield* firstOf(simulator)
        yield* act(updateCase, { id, severity: 60, expected_version: 1 })
        const error = yield* failureOf(updateCase, { id, severity: 70, expected_version: 1 })
        expect(error).toMatchObject({
          reason: "rejected",
          status: 409,
          message: expect.stringContaining("it has version 2 by now and not 1; read it again"),
          errors: [{ id, code: 409 }],
        })
        const [one] = yield* casesOf(simulator)
        expect(one).toMatchObject({ severity: 60, version: 2 })
      }),
    ))

  test("whose conflict cannot be looked into says so", () =>
    withFalcon({ api_scopes: ["Cases: Write"] }, (simulator) =>
      Effect.gen(function* () {
        const id = yield* firstOf(simulator)
        const error = yield* failureOf(updateCase, { id, severity: 70, expected_version: 9 })
        expect(error).toMatchObject({ status: 409, message: expect.stringContaining("could not be read") })
      }),
    ))

  test("with a version is not repeated after a 500: a second one would be told as a conflict with the first", () =>
    withFalcon({ faults: [faultOn(path, { status: 500 })] }, (simulator) =>
      Effect.gen(function* () {
        const id = yield* firstOf(simulator)
        const outcome = yield* act(updateCase, { id, severity: 70, expected_version: 1 })
        expect(outcome).toMatchObject({ succeeded: 0, errors: [{ id, outcome: "unconfirmed" }] })
        expect((yield* callsOf(simulator)).filter(({ method }) => method === "PATCH")).toHaveLength(1)
      }),
    ))

  test("without one is repeated", () =>
    withFalcon({ faults: [faultOn(path, { status: 500 })] }, (simulator) =>
      Effect.gen(function* () {
        const id = yield* firstOf(simulator)
        expect(yield* act(closeCase, { id })).toMatchObject({ succeeded: 1 })
      }),
    ))

  test.each([
    [{ id: "a" }, ""],
    [{ id: "a", expected_version: 1 }, ""],
    [{ id: "a", assigned_to_user_uuid: "u", remove_user_assignment: true }, "remove_user_assignment"],
  ])("%j is refused before anything is sent", (args, field) => {
    expect(updateCase.arguments.safeParse(args).error?.issues.map(({ path }) => path.join("."))).toEqual([field])
  })
})

describe("a new case", () => {
  test.each(["[]", '[{"name":"Case X"}]'])(
    "that Falcon does not show may be there: unconfirmed, and sent once: %s",
    (shown) =>
      withFalcon(
        { faults: [faultOn(path, { status: 201, body: `{"meta":{},"errors":[],"resources":${shown}}` })] },
        (simulator) =>
          Effect.gen(function* () {
            const outcome = yield* act(createCase, { name: "Case X", severity: 5 })
            expect(outcome).toMatchObject({ succeeded: 0, errors: [{ id: "Case X", outcome: "unconfirmed" }] })
            expect(yield* callsOf(simulator)).toHaveLength(1)
          }),
      ),
  )

  test("is not sent twice after a 500", () =>
    withFalcon({ faults: [faultOn(path, { status: 500 })] }, (simulator) =>
      Effect.gen(function* () {
        expect(yield* act(createCase, { name: "Case X", severity: 5 })).toMatchObject({
          errors: [{ outcome: "unconfirmed" }],
        })
        expect(yield* callsOf(simulator)).toHaveLength(1)
      }),
    ))
})

describe("evidence", () => {
  test("of which one alert is unknown is added but for that one", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const { cases, alerts } = yield* apiState(simulator)
        const [id] = Object.keys(cases)
        const known = Object.keys(alerts).slice(0, 40)
        const alert_ids = [...known.slice(0, 20), "unknown-alert-0001", ...known.slice(20)]
        const outcome = yield* act(addCaseAlerts, { id: id!, alert_ids })
        expect(outcome).toMatchObject({ requested: 41, succeeded: 40, failed: 1 })
        expect(outcome.errors).toMatchObject([{ id: "unknown-alert-0001", code: 400 }])
        expect(outcome.resources).toHaveLength(1)
        const [one] = yield* casesOf(simulator)
        expect(new Set(one!.alerts)).toEqual(new Set(known))
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("for a case that is not there costs one call, not one for each alert", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const { alerts } = yield* apiState(simulator)
        const alert_ids = Object.keys(alerts).slice(0, 50)
        const error = yield* failureOf(addCaseAlerts, { id: "no-such-case-0001", alert_ids })
        expect(error).toMatchObject({ reason: "rejected", status: 400 })
        expect(yield* callsOf(simulator)).toHaveLength(1)
      }),
    ))

  test("that a 200 does not show is looked for in the case, and told as it is there", () =>
    withFalcon(
      {
        faults: [faultOn("/cases/entities/case-tags", { status: 200, body: '{"meta":{},"errors":[],"resources":[]}' })],
      },
      (simulator) =>
        Effect.gen(function* () {
          const id = yield* firstOf(simulator)
          const outcome = yield* act(addCaseTags, { id, tags: ["FIRST", "new"] })
          expect(outcome).toMatchObject({ succeeded: 1, errors: [{ id: "new", outcome: "unconfirmed" }] })
        }),
    ))
})

describe("tags", () => {
  test("come and go, and one that was never there counts as removed", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const id = yield* firstOf(simulator)
        expect(yield* act(addCaseTags, { id, tags: ["a", "b"] })).toMatchObject({ succeeded: 2 })
        expect(yield* act(removeCaseTags, { id, tags: ["a", "never"] })).toMatchObject({ succeeded: 2, failed: 0 })
        const [one] = yield* casesOf(simulator)
        expect(one!.tags).toEqual(["first", "b"])
      }),
    ))

  test("of more than 128 characters together are refused before anything is sent", () => {
    const tags = ["x".repeat(100), "y".repeat(29)]
    expect(addCaseTags.arguments.safeParse({ id: "a", tags }).success).toBe(false)
  })
})

describe("merging cases", () => {
  test("moves the evidence, and is confirmed by reading it back", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const { cases, alerts } = yield* apiState(simulator)
        const [destination_id, source_id] = Object.keys(cases) as [string, string]
        const alert_ids = Object.keys(alerts).slice(0, 3)
        yield* act(addCaseAlerts, { id: source_id, alert_ids })
        const outcome = yield* act(mergeCases, { destination_id, source_id })
        expect(outcome).toMatchObject({ requested: 1, succeeded: 1, resources: [{ id: destination_id }] })
        const [destination, source] = yield* casesOf(simulator)
        expect(destination!.alerts).toEqual(alert_ids)
        expect(source!.merged_into).toBe(destination_id)
      }),
    ))

  test("that answers 200 and shows nothing of it is unconfirmed", () =>
    withFalcon({ faults: [faultOn("/cases/entities/merge", { status: 200, body: "" })] }, (simulator) =>
      Effect.gen(function* () {
        const [destination_id, source_id] = Object.keys((yield* apiState(simulator)).cases) as [string, string]
        expect(yield* act(mergeCases, { destination_id, source_id })).toMatchObject({
          succeeded: 0,
          errors: [{ id: source_id, outcome: "unconfirmed" }],
        })
      }),
    ))

  test("of which one is unknown sends no merge", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const [destination_id] = Object.keys((yield* apiState(simulator)).cases) as [string]
        const outcome = yield* act(mergeCases, { destination_id, source_id: "no-such-case" })
        expect(outcome).toMatchObject({ succeeded: 0, errors: [{ id: "no-such-case", code: 404 }] })
        expect((yield* callsOf(simulator)).map(({ path }) => path)).toEqual([path])
      }),
    ))

  test("wants two different cases", () => {
    expect(mergeCases.arguments.safeParse({ destination_id: "a", source_id: "A" }).success).toBe(false)
  })
})
