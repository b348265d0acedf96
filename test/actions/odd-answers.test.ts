/** What came back is there, however odd its other fields are; and what may have been done is not told as undone. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { unconfirmedIn } from "../../src/core/actions/action.ts"
import { addCaseTags } from "../../src/plugins/cases/case-tags.ts"
import { getHostsByName } from "../../src/plugins/hosts/get-hosts-by-name.ts"
import { isolateEndpoints } from "../../src/plugins/hosts/isolate-endpoints.ts"
import { createIndicators } from "../../src/plugins/iocs/create-indicators.ts"
import { getIndicatorsReport } from "../../src/plugins/iocs/get-indicators-report.ts"
import type { Row } from "../../src/plugins/iocs/indicator.ts"
import { monitorIoc } from "../../src/plugins/iocs/monitor-ioc.ts"
import { pushIocsForDetection } from "../../src/plugins/iocs/push-iocs-for-detection.ts"
import { withApp } from "./app.ts"
import { act, callsOf, failureOf, faultOn, madeUpIds, withFalcon } from "./support.ts"

const resources = (...found: readonly unknown[]) => JSON.stringify({ meta: {}, errors: [], resources: found })

test("a host is found by its name although its other fields are not what the documentation says", () => {
  const odd = { device_id: "a", hostname: "WKS-1", last_seen: 1_767_225_600, platform_name: { name: "Windows" } }
  return withFalcon({ faults: [faultOn("/devices/combined", { status: 200, body: resources(null, odd) })] }, () =>
    Effect.gen(function* () {
      expect(yield* act(getHostsByName, { names: ["wks-1"] })).toMatchObject({
        succeeded: 1,
        resources: [{ name: "wks-1", device_id: "a", hosts: [odd] }],
      })
    }),
  )
})

describe("a list of which Falcon leaves out a part", () => {
  const host = { device_id: "a", hostname: "WKS-1" }
  const indicator = { id: "f".repeat(64), type: "domain", value: "a.example", action: "detect", source: "x" }
  const counted = (more: object, ...found: readonly unknown[]) => JSON.stringify({ resources: found, ...more })
  const short = { meta: { pagination: { total: 2, limit: 100 } } }
  const broken = { meta: {}, errors: [{ code: 503, message: "a shard is away" }] }

  test.each([short, broken])("names no host as the only one of its name: %j", (more) =>
    withFalcon({ faults: [faultOn("/devices/combined", { status: 200, body: counted(more, host) })] }, () =>
      Effect.gen(function* () {
        expect(yield* failureOf(getHostsByName, { names: ["wks-1"] })).toMatchObject({ reason: "malformed" })
      }),
    ),
  )

  test.each([short, broken])("is not taken for all indicators: nothing is written after it: %j", (more) =>
    withFalcon({ faults: [faultOn("/iocs/combined", { status: 200, body: counted(more, indicator) })] }, (simulator) =>
      Effect.gen(function* () {
        const error = yield* failureOf(monitorIoc, { type: "domain", value: "b.example" })
        expect(error).toMatchObject({ reason: "malformed" })
        expect((yield* callsOf(simulator)).filter(({ method }) => method !== "GET")).toEqual([])
      }),
    ),
  )
})

test("waiting for a host goes on when Falcon lists something that is no host", () =>
  withApp(
    { faults: [{ ...faultOn("/devices/entities/devices/v2", { status: 200, body: resources(null, 7) }) }] },
    async (app) => {
      const [host] = Object.values((await app.api()).hosts)
      const said = await app.act("isolate_endpoints", { ids: [host!.agent_id] }, "?wait=30")
      expect(said).toMatchObject({ status: 200, body: { wait: [{ state: "confirmed" }] } })
    },
  ))

describe("an indicator with a field of another type than documented", () => {
  const given = { type: "domain" as const, value: "a.example", platforms: ["windows" as const], source: "Sekoia.io" }
  const revoked = { type: "indicator", id: "indicator--1", pattern: "[domain-name:value = 'a.example']", revoked: true }
  const found = { id: "f".repeat(64), ...given, action: "prevent", severity: 4, tags: "x", platforms: "windows" }
  const finding = faultOn("/iocs/combined/indicator/v1", { status: 200, body: resources(found) }, { skip: 1, count: 1 })

  test("is there: a revoked object takes it along", () =>
    withFalcon({ faults: [finding] }, (simulator) =>
      Effect.gen(function* () {
        const outcome = yield* act(pushIocsForDetection, { stix_objects: [revoked] })
        expect((yield* callsOf(simulator)).map(({ method }) => method)).toContain("DELETE")
        expect(outcome.resources as readonly Row[]).not.toMatchObject([{ reason: "revoked, and not in Falcon" }])
      }),
    ))

  test("is not changed, since what it does by now is not known, and nothing is created in its place", () =>
    withFalcon({ faults: [finding, { ...finding, skip: 0 } as typeof finding] }, (simulator) =>
      Effect.gen(function* () {
        const { revoked: _, ...live } = revoked
        const outcome = yield* act(pushIocsForDetection, { stix_objects: [live] })
        expect(outcome).toMatchObject({ resources: [{ outcome: "skipped" }] })
        simulator.addFault({ ...finding, skip: 0 } as typeof finding)
        const told = yield* act(monitorIoc, { type: given.type, value: given.value })
        expect(told).toMatchObject({
          succeeded: 0,
          errors: [{ code: 409, message: expect.stringContaining("platforms") }],
        })
        expect((yield* callsOf(simulator)).filter(({ method }) => method !== "GET")).toEqual([])
      }),
    ))
})

test("deletions of a push whose call broke off are unconfirmed, not undone", () =>
  withFalcon({}, (simulator) =>
    Effect.gen(function* () {
      const row = (value: string) => ({
        ...{ type: "domain" as const, value, action: "detect" as const, severity: "low" as const },
        ...{ platforms: ["windows" as const], source: "Sekoia.io", expiration: "2026-01-15T00:00:01Z" },
      })
      yield* act(createIndicators, { indicators: [row("a.example")] })
      yield* Effect.sleep(5_000)
      simulator.addFault(faultOn("/iocs/entities/indicators/v1", { status: 500 }, { count: 6 }))
      const pattern = "[domain-name:value = 'b.example']"
      const outcome = yield* act(pushIocsForDetection, {
        stix_objects: [{ type: "indicator", id: "indicator--2", pattern }],
      })
      expect(outcome.errors).toMatchObject([{ id: "domain:a.example", outcome: "unconfirmed" }])
    }),
  ))

test("hosts that Falcon counts as changed and does not name are not undone, however many errors stand beside", () => {
  const ids = madeUpIds(2)
  const body = JSON.stringify({
    meta: { writes: { resources_affected: 2 } },
    errors: [
      { code: 400, message: "x" },
      { code: 400, message: "y" },
    ],
    resources: [],
  })
  return withFalcon({ faults: [faultOn("/devices/entities/devices-actions/v2", { status: 202, body })] }, () =>
    Effect.gen(function* () {
      const outcome = yield* act(isolateEndpoints, { ids })
      expect(unconfirmedIn(outcome.errors)).toBe(2)
    }),
  )
})

test("a case that Falcon answers with its id in another case is the one that was asked for", () => {
  const id = "C0FFEE00B1D24E5F9A7C3E21D4B6F801"
  const body = resources({ id: id.toLowerCase(), tags: ["sekoia"] })
  return withFalcon({ faults: [faultOn("/cases/entities/case-tags", { status: 200, body })] }, () =>
    Effect.gen(function* () {
      expect(yield* act(addCaseTags, { id, tags: ["sekoia"] })).toMatchObject({ succeeded: 1, errors: [] })
    }),
  )
})

test.each(["", "{}", '{"meta":{},"resources":null}', '{"resources":[]}'])(
  "a report without a job is none: %s",
  (body) =>
    withFalcon({ faults: [faultOn("/iocs/entities/indicators-reports", { status: 200, body })] }, () =>
      Effect.gen(function* () {
        const told = yield* act(getIndicatorsReport, { search: {} })
        expect(told).toMatchObject({ succeeded: 0, errors: [{ outcome: "unconfirmed" }] })
      }),
    ),
)
