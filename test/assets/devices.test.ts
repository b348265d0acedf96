import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { onTestClock } from "../support/effect.ts"
import { makeWorld } from "../support/world.ts"
import { account, callsTo, change, context, items, quiet, yaml } from "./support.ts"

const minutes = 60_000
const combined = "/devices/combined/devices/v1"
const scroll = "/devices/queries/devices-scroll/v1"
const groups = "/devices/combined/host-groups/v1"
const entities = "/devices/entities/devices/v2"

describe("the inventory of hosts", () => {
  test("beyond 10 000 hosts is sent as a whole once, and after that only what is new or changed", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 12_000 })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(20_000)
        expect(yield* account(world)).toMatchObject({
          accepted: 12_000,
          distinct: 12_000,
          requests: 120,
          batch_items_max: 100,
          hosts: { exist: 12_000, missing: 0 },
        })
        // 12 pages of whole hosts, 2 pages of ids, one page of groups; nothing host by host.
        const calls = [combined, scroll, groups, entities].map((path) => callsTo(world, path))
        expect(calls).toEqual([12, 2, 1, 0])

        yield* change(world, { fleet: { change: 50, add: 20 } })
        yield* world.pass(3 * minutes, 5_000)
        expect(yield* account(world)).toMatchObject({ accepted: 12_070, distinct: 12_020, repeated: 0, requests: 121 })
        expect(world.simulator.account().violations).toEqual([])
        // One look a minute, whether there was something to send or not.
        expect(callsTo(world, combined)).toBe(12 + 3)
        expect(yield* world.health).toMatchObject({
          ready: true,
          plugins: { "device-assets": { status: "ok", detail: "hosts: 12020 known; the last cycle sent 0" } },
        })
      }),
    ))

  test("names the newest host in context.json once all are sent, beside what the Python module left there", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 2_500 })
        world.disk.write(
          "data/context.json",
          '{"most_recent_device_id": "gone", "most_recent_user_id": "u", "else": 1}',
        )
        world.simulator.addFault({ on: "assets", skip: 15, until_ms: 60_000, do: { status: 503 } })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(30_000)
        expect((yield* account(world)).hosts).toMatchObject({ exist: 2_500, missing: 1_000 })
        expect(context(world).most_recent_device_id).toBe("gone")
        yield* world.pass(90_000)
        expect((yield* account(world)).hosts).toMatchObject({ exist: 2_500, missing: 0 })
        const last = (yield* items(world)).at(-1)!.device!.uid
        expect(context(world)).toMatchObject({ most_recent_device_id: last, most_recent_user_id: "u", else: 1 })
      }),
    ))

  test("is not sent again because the newest host was deleted; what is gone is on record", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 2 })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(5_000)
        const newest = context(world).most_recent_device_id
        yield* change(world, { fleet: { remove: 1 } })
        yield* world.pass(70 * minutes, 10_000)
        expect(yield* account(world)).toMatchObject({ accepted: 2, hosts: { exist: 1, missing: 0 } })
        const removed = world.disk
          .read("data/device-assets.removed.ndjson")!
          .trim()
          .split("\n")
          .map((l) => JSON.parse(l))
        expect(removed).toEqual([{ at: expect.stringMatching(/^2026-01-15T01:0/), id: newest }])
        expect(world.disk.read("data/device-assets.known")!.trim().split("\n").length).toBe(1)
      }),
    ))

  test("says nothing is gone when the listing of all hosts fails", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 30 })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(5_000)
        world.simulator.addFault({
          on: "api",
          path: scroll,
          until_ms: 1e9,
          do: { status: 200, body: '{"resources":[],"meta":{"pagination":{"total":30}}}' },
        })
        yield* world.pass(70 * minutes, 10_000)
        expect(world.disk.read("data/device-assets.removed.ndjson")).toBeUndefined()
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({
          status: "degraded",
          detail: expect.stringContaining("listed 0 of 30"),
        })
      }),
    ))

  test("starts over for another connector", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 120 })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(5_000)
        yield* world.startWith(
          yaml("device-assets").replace(/connector_uuid: .*/, "connector_uuid: 99999999-2222-4333-8444-555555555555"),
        )
        yield* world.pass(5_000)
        expect(yield* account(world)).toMatchObject({ accepted: 240, repeated: 120 })
      }),
    ))

  test("without the scope for host groups goes out with the ids for names", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 50, api_scopes: ["Hosts: Read"] })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(5_000)
        expect((yield* account(world)).hosts.missing).toBe(0)
        const named = (yield* items(world)).flatMap(
          ({ device }) => (device!.groups ?? []) as { name: string; uid: string }[],
        )
        expect(named.length).toBeGreaterThan(10)
        for (const { name, uid } of named) expect(name).toBe(uid)
      }),
    ))

  test("knows hosts by the names of their groups", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 50 })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(5_000)
        const named = (yield* items(world)).flatMap(
          ({ device }) => (device!.groups ?? []) as { name: string; desc?: string }[],
        )
        expect(new Set(named.map(({ name }) => name))).toContain("VIP 役員")
        expect(named.find(({ name }) => name === "All Windows")).toMatchObject({
          desc: "Borealis Ferries: All Windows",
        })
      }),
    ))
})

describe("hosts that Sekoia refuses one and all", () => {
  test("are not given up: health says so, and they are sent when it takes them again", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 250 })
        world.simulator.addFault({
          on: "assets",
          until_ms: 10 * minutes,
          do: { status: 422, body: '{"message":"schema changed"}' },
        })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(5 * minutes, 1_000)
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({
          status: "failed",
          detail: expect.stringContaining(
            '422: {"message":"schema changed"}; it has taken no asset since, so none counts as refused',
          ),
        })
        expect((yield* account(world)).requests).toBeLessThan(200)
        yield* world.pass(10 * minutes, 1_000)
        expect(yield* account(world)).toMatchObject({ accepted: 250, repeated: 0, hosts: { missing: 0 } })
      }),
    ))
})

describe("a few hosts that something in Sekoia's place refuses", () => {
  test.each([400, 413, 422])("with a page and %d are not given up, and sent when it is gone", (status) =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 3 })
        const page = "<html>blocked by the web filter</html>"
        world.simulator.addFault({ on: "assets", until_ms: 10 * minutes, do: { status, body: page } })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(5 * minutes, 1_000)
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({
          status: "failed",
          detail: expect.stringContaining("blocked by the web filter"),
        })
        yield* world.pass(10 * minutes, 1_000)
        expect(yield* account(world)).toMatchObject({ accepted: 3, repeated: 0, hosts: { missing: 0 } })
      }),
    ),
  )
})

describe("a few hosts that Sekoia itself refuses one and all", () => {
  const refused = { status: 422, body: '{"message":"schema changed"}' }
  const detail = '422: {"message":"schema changed"}; it has taken no asset since, so none counts as refused'

  test.each([1, 2, 9])("%i of them: are not given up, and sent when it takes them again", (fleet) =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet })
        world.simulator.addFault({ on: "assets", until_ms: 10 * minutes, do: refused })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(9 * minutes, 1_000)
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({
          status: "failed",
          detail: expect.stringContaining(detail),
        })
        expect(world.disk.read("data/device-assets.known") ?? "").toBe("")
        expect(context(world)).toEqual({})
        // Bisected once, then one of them a minute.
        expect((yield* account(world)).requests).toBeLessThan(2 * fleet + 12)
        yield* world.pass(5 * minutes, 1_000)
        expect(yield* account(world)).toMatchObject({ accepted: fleet, repeated: 0, hosts: { missing: 0 } })
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({ status: "ok" })
      }),
    ),
  )

  test("while their batch is being sent are not given up", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 20, asset_refuses: ["FLT-000000"] })
        // The batch is refused down to the bad host, one other is taken, and then nothing is.
        world.simulator.addFault({ on: "assets", skip: 8, until_ms: 10 * minutes, do: refused })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(9 * minutes, 1_000)
        expect((yield* account(world)).accepted).toBeGreaterThan(0)
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({
          status: "failed",
          detail: expect.stringContaining(detail),
        })
        yield* world.pass(5 * minutes, 1_000)
        expect(yield* account(world)).toMatchObject({ distinct: 19, hosts: { missing: 1 } })
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({ status: "ok" })
      }),
    ))

  test("are told from one bad host that is there alone once another one comes", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 1, asset_refuses: ["FLT-000000"] })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(3 * minutes, 1_000)
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({ status: "failed" })
        yield* change(world, { fleet: { add: 1 } })
        yield* world.pass(5 * minutes, 1_000)
        expect(yield* account(world)).toMatchObject({ distinct: 1, hosts: { missing: 1 } })
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({ status: "ok" })
      }),
    ))
})

describe("bad hosts among good ones", () => {
  const names = (count: number) => Array.from({ length: count }, (_, at) => `FLT-${String(at).padStart(6, "0")}`)

  test.each([
    [1, 2],
    [2, 3],
    [40, 60],
    [150, 151],
  ])("%i of %i: are given up, each after it was refused twice and another one taken in between", (bad, fleet) =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet, asset_refuses: names(bad) })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(20 * minutes, 5_000)
        expect(yield* account(world)).toMatchObject({ distinct: fleet - bad, hosts: { missing: bad } })
        expect(world.disk.read("data/device-assets.known")!.trim().split("\n").length).toBeGreaterThanOrEqual(fleet)
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({ status: "ok" })
        const { requests } = yield* account(world)
        yield* world.pass(10 * minutes, 5_000)
        expect((yield* account(world)).requests).toBe(requests)
      }),
    ),
  )

  test("which come when all others are known, are told from an outage by one that is known", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 30, asset_refuses: ["FLT-000030", "FLT-000031"] })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(10 * minutes, 5_000)
        yield* change(world, { fleet: { add: 2 } })
        yield* world.pass(5 * minutes, 5_000)
        expect(yield* account(world)).toMatchObject({ distinct: 30, repeated: 1, hosts: { missing: 2 } })
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({ status: "ok" })
      }),
    ))
})

describe("one bad host", () => {
  test("without a hostname is left out and told of once, and the others are sent", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 250, fleet_nameless: [7, 120] })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(5_000)
        expect(yield* account(world)).toMatchObject({ accepted: 248, hosts: { missing: 2 } })
        expect((yield* world.health).plugins["device-assets"]!.detail).toContain("sent 248, 2 left out")
        yield* world.pass(3 * minutes, 5_000)
        expect((yield* account(world)).accepted).toBe(248)
      }),
    ))

  test("that Sekoia refuses is found by halving; the rest of its batch is sent once", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 250, asset_refuses: ["FLT-000007"] })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(5_000)
        expect(yield* account(world)).toMatchObject({
          accepted: 249,
          distinct: 249,
          repeated: 0,
          hosts: { missing: 1 },
        })
        yield* world.pass(3 * minutes, 5_000)
        const { requests, refused } = yield* account(world)
        expect(refused).toEqual({ "400": 9 })
        expect(requests).toBeLessThan(20)
        expect((yield* world.health).plugins["device-assets"]!.status).toBe("ok")
      }),
    ))
})
