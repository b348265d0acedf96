import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { Effect } from "effect"
import { getHostsByName } from "../../src/plugins/hosts/get-hosts-by-name.ts"
import { liftFilesystemContainment } from "../../src/plugins/hosts/lift-filesystem-containment.ts"
import { tagHosts, untagHosts } from "../../src/plugins/hosts/tag-hosts.ts"
import { createIndicators } from "../../src/plugins/iocs/create-indicators.ts"
import { act, apiState, callsOf, faultOn, madeUpIds, violationsOf, withFalcon } from "./support.ts"

const tag = "FalconGroupingTags/sekoia"
const tags_path = "/devices/entities/devices/tags/v1"

const hostsOf = (simulator: Parameters<typeof apiState>[0]) =>
  Effect.map(apiState(simulator), ({ hosts }) => Object.values(hosts))

describe("hosts by name", () => {
  test("are found by hostname in any case and by address, each name once", () =>
    withFalcon({ hosts: 400 }, (simulator) =>
      Effect.gen(function* () {
        const made = (yield* hostsOf(simulator)).filter(({ hostname }) => hostname.startsWith("GEN-"))
        const [one, other] = made as [(typeof made)[0], (typeof made)[0]]
        const names = [one.hostname.toLowerCase(), other.local_ip, one.hostname]
        const outcome = yield* act(getHostsByName, { names })
        expect(outcome).toMatchObject({ requested: 2, succeeded: 2, errors: [] })
        expect(outcome.resources).toMatchObject([
          { name: names[0], device_id: one.agent_id, ambiguous: false },
          { name: names[1], device_id: other.agent_id, ambiguous: false },
        ])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("that several hosts have name none of them, and say which there are", () => {
    const host = (device_id: string) => ({ device_id, hostname: "WKS-1", last_seen: "2026-01-01T00:00:00Z" })
    const body = JSON.stringify({ meta: {}, errors: [], resources: [host("a"), host("b")] })
    return withFalcon({ faults: [faultOn("/devices/combined", { status: 200, body })] }, () =>
      Effect.gen(function* () {
        const outcome = yield* act(getHostsByName, { names: ["wks-1"] })
        expect(outcome).toMatchObject({
          succeeded: 0,
          failed: 1,
          resources: [
            { name: "wks-1", device_id: null, ambiguous: true, hosts: [{ device_id: "a" }, { device_id: "b" }] },
          ],
        })
        expect(outcome.errors).toMatchObject([{ id: "wks-1", code: 409 }])
        expect(outcome.errors[0]?.message).toContain("a (last seen 2026-01-01T00:00:00Z), b")
      }),
    )
  })

  test("take one call for twenty names, and no name can say more than a name", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const names = Array.from({ length: 41 }, (_, n) => `x'],status:['${n}\\`)
        const outcome = yield* act(getHostsByName, { names })
        expect(outcome).toMatchObject({ requested: 41, succeeded: 0, failed: 41 })
        expect((yield* callsOf(simulator)).map(({ status }) => status)).toEqual([200, 200, 200])
        expect(getHostsByName.arguments.safeParse({ names: ["WKS*"] }).success).toBe(false)
      }),
    ))
})

describe("tags of hosts", () => {
  test("are told for each host, and upper and lower case count", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const ids = (yield* hostsOf(simulator)).slice(0, 2).map(({ agent_id }) => agent_id)
        const outcome = yield* act(tagHosts, { ids: [...ids, "unknown"], tags: [tag] })
        expect(outcome).toMatchObject({ requested: 3, succeeded: 2, failed: 1 })
        expect(outcome.errors).toEqual([{ id: "unknown", code: 404, message: "device not found" }])
        yield* act(untagHosts, { ids, tags: [tag.replace("sekoia", "SEKOIA")] })
        expect((yield* hostsOf(simulator))[0]!.tags).toEqual([tag])
        expect(yield* act(untagHosts, { ids, tags: [tag] })).toMatchObject({ succeeded: 2 })
        expect((yield* hostsOf(simulator))[0]!.tags).toEqual([])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("that a host has already are no failure: the host itself tells", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const ids = (yield* hostsOf(simulator)).slice(0, 2).map(({ agent_id }) => agent_id)
        yield* act(tagHosts, { ids: [ids[0]!], tags: [tag] })
        expect(yield* act(tagHosts, { ids, tags: [tag] })).toMatchObject({ succeeded: 2, failed: 0 })
      }),
    ))

  test("that Falcon says not to have set, and the host does not show, are unconfirmed", () => {
    const body = (device_id: string) => JSON.stringify({ resources: [{ device_id, updated: false, code: 200 }] })
    return withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const [id] = (yield* hostsOf(simulator)).map(({ agent_id }) => agent_id) as [string]
        simulator.addFault(faultOn(tags_path, { status: 200, body: body(id) }))
        expect(yield* act(tagHosts, { ids: [id], tags: [tag] })).toMatchObject({
          succeeded: 0,
          errors: [{ id, outcome: "unconfirmed" }],
        })
      }),
    )
  })

  test("of no known host are a failure that names each", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const outcome = yield* act(tagHosts, { ids: madeUpIds(2), tags: [tag] })
        expect(outcome).toMatchObject({ succeeded: 0, failed: 2, errors: [{ code: 404 }, { code: 404 }] })
      }),
    ))

  test.each(["sekoia", "falcongroupingtags/sekoia", "SensorGroupingTags/x", "FalconGroupingTags/", `${tag} x`])(
    "%s is no such tag",
    (wrong) => expect(tagHosts.arguments.safeParse({ ids: ["a"], tags: [wrong] }).success).toBe(false),
  )
})

test("the containment of a file system is lifted", () =>
  withFalcon({ filesystem_contained: 2 }, (simulator) =>
    Effect.gen(function* () {
      const ids = (yield* hostsOf(simulator)).slice(0, 2).map(({ agent_id }) => agent_id)
      expect(yield* act(liftFilesystemContainment, { ids })).toMatchObject({ succeeded: 2 })
      expect((yield* hostsOf(simulator)).some((host) => host.filesystem_contained)).toBe(false)
      expect(violationsOf(simulator)).toEqual([])
    }),
  ))

test("a mobile action that does not exist is refused before anything is sent", () => {
  const row = { type: "domain", value: "a.example", mobile_action: "prevent_no_ui" }
  expect(createIndicators.arguments.safeParse({ indicators: [row] }).success).toBe(false)
})

test("no action calls what deletes hosts for good", () => {
  const sources = [...new Bun.Glob("src/**/*.ts").scanSync(".")].map((path) => readFileSync(path, "utf8"))
  expect(sources.filter((text) => text.includes("devices-actions-delete"))).toEqual([])
})
