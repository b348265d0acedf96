/** A change that got no answer and was sent again: what the second answer refuses, the first try may have done. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { isolateEndpoints } from "../../src/plugins/hosts/isolate-endpoints.ts"
import { deleteIndicators } from "../../src/plugins/iocs/delete-indicators.ts"
import { deletePreventionPolicies } from "../../src/plugins/prevention-policies/delete-prevention-policies.ts"
import { act, apiState, callsOf, failureOf, faultOn, madeUpIds, withFalcon } from "./support.ts"

const indicators = "/iocs/entities/indicators/v1"
const policies = "/policy/entities/prevention/v1"
const answering = (path: string, status: number, body: object) => faultOn(path, { status, body: JSON.stringify(body) })
const lost = [503, 500] as const
const [id = "", other = ""] = madeUpIds(2)
const gone = (id: string) => ({ code: 404, message: `${id}: not found`, id })
const in_doubt = { outcome: "unconfirmed", message: expect.stringContaining("an earlier try") }

describe("a deletion whose first try got no answer", () => {
  test.each([
    ["a refusal as a whole", deleteIndicators, indicators, 404, { resources: [], errors: [gone(id)] }],
    ["a refusal that names nobody", deleteIndicators, indicators, 404, { errors: [{ code: 404, message: "no" }] }],
    ["an error for its id", deleteIndicators, indicators, 200, { resources: [], errors: [gone(id)] }],
    ["a refusal of a policy", deletePreventionPolicies, policies, 404, { resources: [], errors: [gone(id)] }],
  ] as const)("and whose second got %s is unconfirmed, and not told as not found", (_, action, path, status, body) =>
    withFalcon({ faults: [answering(path, lost[0], {}), answering(path, status, body)] }, (simulator) =>
      Effect.gen(function* () {
        const outcome = yield* act(action, { ids: [id] })
        expect(outcome).toMatchObject({ succeeded: 0, failed: 1, errors: [{ id, code: 404, ...in_doubt }] })
        expect(yield* callsOf(simulator)).toHaveLength(2)
      }),
    ),
  )

  test("is done where the second shows so, and unconfirmed for the other id", () => {
    const body = { resources: [id], errors: [gone(other)] }
    return withFalcon({ faults: [faultOn(indicators, "reset"), answering(indicators, 200, body)] }, () =>
      Effect.gen(function* () {
        const outcome = yield* act(deleteIndicators, { ids: [id, other] })
        expect(outcome).toMatchObject({ succeeded: 1, resources: [id], errors: [{ id: other, ...in_doubt }] })
      }),
    )
  })

  test("and whose second is refused as a whole is bisected: what can be deleted is, and the rest is in doubt", () => {
    const no = { errors: [{ code: 400, message: "bad id" }] }
    const faults = [answering(indicators, lost[1], {}), answering(indicators, 400, no), answering(indicators, 400, no)]
    return withFalcon({ faults: [...faults, answering(indicators, 200, { resources: [other] })] }, () =>
      Effect.gen(function* () {
        const outcome = yield* act(deleteIndicators, { ids: [id, other] })
        expect(outcome).toMatchObject({ succeeded: 1, resources: [other], errors: [{ id, code: 400, ...in_doubt }] })
      }),
    )
  })

  test("is a failure where Falcon was never asked twice in doubt: a 429 has done nothing", () =>
    withFalcon({ faults: [answering(indicators, 429, {}), answering(indicators, 404, { errors: [gone(id)] })] }, () =>
      Effect.gen(function* () {
        expect(yield* failureOf(deleteIndicators, { ids: [id] })).toMatchObject({ reason: "rejected", status: 404 })
      }),
    ))
})

test("a host that is refused after a try without an answer, since it is contained by then, is read back as contained", () =>
  withFalcon({}, (simulator) =>
    Effect.gen(function* () {
      const [host = ""] = Object.keys((yield* apiState(simulator)).hosts)
      yield* act(isolateEndpoints, { ids: [host] })
      const path = "/devices/entities/devices-actions/v2"
      simulator.addFault(answering(path, lost[0], {}))
      simulator.addFault(answering(path, 400, { errors: [{ code: 400, id: host, message: "contained already" }] }))
      expect(yield* act(isolateEndpoints, { ids: [host] })).toMatchObject({ succeeded: 1, errors: [] })
    }),
  ))
