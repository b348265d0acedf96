/** Answers of 2xx that are no answer to what was asked: about others, less than a list, or with Falcon's own trouble in them. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { removeCaseTags } from "../../src/plugins/cases/case-tags.ts"
import { getDeviceDetails } from "../../src/plugins/hosts/get-device-details.ts"
import { getHostsByName } from "../../src/plugins/hosts/get-hosts-by-name.ts"
import { isolateEndpoints } from "../../src/plugins/hosts/isolate-endpoints.ts"
import { queryDevicesByFilter } from "../../src/plugins/hosts/query-devices-by-filter.ts"
import { untagHosts } from "../../src/plugins/hosts/tag-hosts.ts"
import { createIndicators } from "../../src/plugins/iocs/create-indicators.ts"
import { pushIocsForDetection } from "../../src/plugins/iocs/push-iocs-for-detection.ts"
import { searchIndicators } from "../../src/plugins/iocs/search-indicators.ts"
import { updateIndicators } from "../../src/plugins/iocs/update-indicators.ts"
import { performPreventionPolicyAction } from "../../src/plugins/prevention-policies/perform-prevention-policy-action.ts"
import { withApp } from "./app.ts"
import { act, callsOf, failureOf, faultOn, madeUpIds, withFalcon } from "./support.ts"

const [one, other] = madeUpIds(2) as [string, string]
const json = (body: object, status = 200) => ({ status, body: JSON.stringify(body) })
const details = "/devices/entities/devices/v2"
const host_actions = "/devices/entities/devices-actions/v2"
const always = { every: 1 }
const answering = (path: string, body: object, status = 200) => ({
  faults: [faultOn(path, json(body, status), always)],
})

describe("an answer about something else", () => {
  test.each([{ device_id: other }, { device_id: 12_345 }, null])("does not say that a host is not there: %j", (found) =>
    withApp(answering(details, { resources: [found] }), async ({ act: ask }) => {
      const said = await ask("get_device_details", { ids: [one] })
      expect(said).toMatchObject({ status: 502, body: { detail: expect.stringContaining("something else") } })
    }),
  )

  test("that holds one host too many is told, and that host is no result", () =>
    withFalcon(answering(details, { resources: [{ device_id: one }, { device_id: other }] }), () =>
      Effect.gen(function* () {
        expect(yield* act(getDeviceDetails, { ids: [one] })).toMatchObject({
          succeeded: 1,
          resources: [{ device_id: one }],
          errors: [{ message: expect.stringContaining(other) }],
        })
      }),
    ))

  test("names a host that was not to be isolated: the caller hears of it", () =>
    withFalcon(answering(host_actions, { resources: [{ id: one }, { id: other }] }, 202), () =>
      Effect.gen(function* () {
        const outcome = yield* act(isolateEndpoints, { ids: [one] })
        expect(outcome).toMatchObject({ succeeded: 1, failed: 0, resources: [{ id: one }] })
        expect(outcome.errors).toMatchObject([{ message: expect.stringContaining(other) }])
      }),
    ))
})

test("integers that a number cannot hold come digit for digit, as text; others stay numbers", () =>
  withApp(
    {
      faults: [
        faultOn(
          details,
          {
            status: 200,
            body: `{"resources":[{"device_id":"${one}","big":9007199254740993,"list":[ -18446744073709551615],"fits":9007199254740991,"not":12345678901234567.5,"in_text":"a, 12345678901234567890"}]}`,
          },
          always,
        ),
      ],
    },
    async ({ act: ask }) => {
      const { body } = await ask("get_device_details", { ids: [one] })
      expect(JSON.stringify(body)).toContain(
        '"big":"9007199254740993","list":["-18446744073709551615"],"fits":9007199254740991,"not":12345678901234568,"in_text":"a, 12345678901234567890"',
      )
    },
  ))

describe("an answer of 200 that tells of a failure", () => {
  test.each([
    [500, 502, "upstream-failed"],
    [429, 429, "upstream-rate-limited"],
    [401, 502, "upstream-unauthorized"],
    [403, 502, "upstream-forbidden"],
    [200, 502, "upstream-failed"],
    [404, 404, "upstream-not-found"],
    [400, 422, "upstream-rejected"],
  ])("says whose fault it is: its %i is our %i", (code, status, kind) =>
    withApp(answering(details, { errors: [{ code, id: one, message: "said Falcon" }] }), async ({ act: ask }) => {
      const said = await ask("get_device_details", { ids: [one] })
      expect(said).toMatchObject({ status, body: { type: `/problems/${kind}` } })
    }),
  )

  test("of one host, and does not know the other one, may be asked again", () =>
    withApp(
      answering(details, {
        errors: [
          { code: 404, id: one, message: "not found" },
          { code: 500, id: other, message: "boom" },
        ],
      }),
      async ({ act: ask }) => {
        const said = await ask("get_device_details", { ids: [one, other] })
        expect(said).toMatchObject({ status: 502, body: { detail: expect.stringContaining("boom") } })
      },
    ))
})

test("a failure of Falcon's own is no success, though its body says that the hosts were changed", () =>
  withFalcon(answering(host_actions, { resources: [{ id: one }] }, 500), () =>
    Effect.gen(function* () {
      expect(yield* failureOf(isolateEndpoints, { ids: [one] })).toMatchObject({ reason: "unavailable" })
    }),
  ))

describe("a search", () => {
  const indicators = "/iocs/queries/indicators/v1"

  test("of indicators that is answered with nothing, twice, has found nothing out", () =>
    withFalcon({ faults: [faultOn(indicators, { status: 200, body: "" }, always)] }, () =>
      Effect.gen(function* () {
        expect(yield* failureOf(searchIndicators, {})).toMatchObject({ reason: "malformed" })
      }),
    ))

  test("of indicators without the scope names it", () =>
    withFalcon(answering(indicators, { errors: [{ code: 403, message: "access denied" }] }), () =>
      Effect.gen(function* () {
        expect(yield* failureOf(searchIndicators, {})).toMatchObject({
          reason: "forbidden",
          scopes: ["IOC Management: Read"],
        })
      }),
    ))

  const short = { resources: [one], meta: { pagination: { total: 50 } } }
  test("that ends before what Falcon counts is told as not all", () =>
    withFalcon(
      { faults: [faultOn(indicators, json(short)), faultOn("/devices/queries/devices-scroll/v1", json(short))] },
      (simulator) =>
        Effect.gen(function* () {
          simulator.addFault(faultOn(indicators, json({ ...short, resources: [] })))
          const told = { errors: [{ code: 206, message: expect.stringContaining("49 more") }] }
          expect(yield* act(searchIndicators, {})).toMatchObject(told)
          expect(yield* act(queryDevicesByFilter, {})).toMatchObject(told)
        }),
    ))

  test("that goes on from an earlier answer does not miss what that one held", () =>
    withFalcon({ hosts: 250 }, () =>
      Effect.gen(function* () {
        const first = yield* act(queryDevicesByFilter, { limit: 100 })
        expect(yield* act(queryDevicesByFilter, { limit: 500, offset: String(first.next) })).toMatchObject({
          errors: [],
        })
      }),
    ))
})

test("a host that is listed twice in place of another is not the only one of its name", () => {
  const host = { device_id: one, hostname: "WKS-1" }
  const body = { resources: [host, host], meta: { pagination: { total: 2 } } }
  return withFalcon(answering("/devices/combined/devices/v1", body), () =>
    Effect.gen(function* () {
      expect(yield* failureOf(getHostsByName, { names: ["wks-1"] })).toMatchObject({ reason: "malformed" })
    }),
  )
})

test("a policy that comes back with no group at all did not get one", () =>
  withFalcon(answering("/policy/entities/prevention-actions/v1", { resources: [{ id: one, groups: null }] }), () =>
    Effect.gen(function* () {
      const args = { ids: [one], action_name: "add-host-group" as const, group_id: other }
      const outcome = yield* act(performPreventionPolicyAction, args)
      expect(outcome).toMatchObject({ succeeded: 0, errors: [{ id: one, outcome: "unconfirmed" }] })
    }),
  ))

describe("tags that are not shown", () => {
  test("are not known to be gone from a host", () =>
    withFalcon(
      {
        faults: [
          faultOn("/devices/entities/devices/tags/v1", json({ resources: [{ device_id: one, updated: false }] })),
          faultOn(details, json({ resources: [{ device_id: one }] })),
        ],
      },
      () =>
        Effect.gen(function* () {
          const outcome = yield* act(untagHosts, { ids: [one], tags: ["FalconGroupingTags/a"] })
          expect(outcome).toMatchObject({ succeeded: 0, errors: [{ id: one, outcome: "unconfirmed" }] })
        }),
    ))

  test("are not known to be gone from a case", () =>
    withFalcon(
      {
        faults: [
          faultOn("/cases/entities/case-tags/v1", json({ resources: [{ id: one }] })),
          faultOn("/cases/entities/cases/v2", json({ resources: [{ id: one }] })),
        ],
      },
      () =>
        Effect.gen(function* () {
          const outcome = yield* act(removeCaseTags, { id: one, tags: ["a"] })
          expect(outcome).toMatchObject({ succeeded: 0, errors: [{ id: "a", outcome: "unconfirmed" }] })
        }),
    ))
})

describe("an indicator", () => {
  const row = {
    ...{ type: "domain", value: "a.example", action: "detect" as const, severity: "low" as const },
    platforms: ["windows" as const],
  }

  test.each(["0001-01-01T00:00:00Z", "", "1600000000", undefined])(
    "of ours whose last change Falcon does not tell is not taken for an old one: %j",
    (modified_on) => {
      const found = { id: "f".repeat(64), ...row, source: "Sekoia.io", modified_on }
      const faults = [faultOn("/iocs/combined/indicator/v1", json({ resources: [found] }), { skip: 1 })]
      return withFalcon({ faults }, (simulator) =>
        Effect.gen(function* () {
          const pattern = "[domain-name:value = 'b.example']"
          const stix_objects = [{ type: "indicator", id: "indicator--1", pattern }]
          yield* act(pushIocsForDetection, { stix_objects, valid_for: 30 })
          expect((yield* callsOf(simulator)).map(({ method }) => method)).not.toContain("DELETE")
        }),
      )
    },
  )

  test("that comes back with its id in another case is the one that was changed", () =>
    withFalcon(answering("/iocs/entities/indicators/v1", { resources: [{ id: "f".repeat(64), ...row }] }), () =>
      Effect.gen(function* () {
        const indicators = [{ id: "F".repeat(64), action: "detect" as const }]
        expect(yield* act(updateIndicators, { indicators })).toMatchObject({ succeeded: 1, errors: [] })
        const twice = [...indicators, { id: "f".repeat(64), action: "allow" as const }]
        expect(yield* act(updateIndicators, { indicators: twice })).toMatchObject({ errors: [{ code: 409 }] })
      }),
    ))

  test("that met trouble of Falcon's own may be there", () =>
    withFalcon(
      answering(
        "/iocs/entities/indicators/v1",
        {
          errors: [
            { code: 500, message: "boom" },
            { code: 500, message: "x" },
          ],
          resources: [{}],
        },
        201,
      ),
      () =>
        Effect.gen(function* () {
          const outcome = yield* act(createIndicators, { indicators: [row] })
          expect(outcome.errors).toMatchObject([{ outcome: "unconfirmed" }])
        }),
    ))
})
