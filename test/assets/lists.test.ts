/** Falcon's lists are not believed where they say nothing, or something unlikely: absence is not "none". */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { onTestClock } from "../support/effect.ts"
import { makeWorld, type World } from "../support/world.ts"
import { account, callsTo, change, context, items, quiet, yaml } from "./support.ts"

const minutes = 60_000
const combined = "/devices/combined/devices/v1"
const scroll = "/devices/queries/devices-scroll/v1"
const groups = "/devices/combined/host-groups/v1"
const user_ids = "/user-management/queries/users/v1"
const user_details = "/user-management/entities/users/GET/v1"
const graphql = "/identity-protection/combined/graphql/v1"
const devices = yaml("device-assets")
const removed = (world: World, name = "device-assets") => world.disk.read(`data/${name}.removed.ndjson`)
const health = (world: World, id = "device-assets") => Effect.map(world.health, ({ plugins }) => plugins[id]!)
const fault = (world: World, path: string, body: string, more: object = {}) =>
  world.simulator.addFault({ on: "api", path, do: { status: 200, body }, ...more })

/** Answers that hold no list, and one that holds an empty list. */
const nothing = ["", "{}", '{"meta":{},"resources":null,"errors":null}', '{"meta":{},"errors":[]}'] as const
const empty = '{"meta":{"pagination":{"total":0}},"resources":[],"errors":[]}'

describe("a listing of all hosts that holds nothing", () => {
  test.each([...nothing, empty])("once removes no host and sends none again: %s", (body) =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 120 })
        yield* world.startWith(devices)
        yield* world.pass(5_000)
        fault(world, scroll, body)
        yield* world.pass(130 * minutes, 15_000)
        expect(removed(world)).toBeUndefined()
        expect(yield* account(world)).toMatchObject({ accepted: 120, repeated: 0 })
        expect(yield* health(world)).toMatchObject({ status: "ok" })
      }),
    ),
  )

  test.each(nothing)("is not believed for as long as it lasts, and health says so: %s", (body) =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 120 })
        yield* world.startWith(devices)
        yield* world.pass(5_000)
        fault(world, scroll, body, { until_ms: 1e9 })
        yield* world.pass(130 * minutes, 15_000)
        expect(removed(world)).toBeUndefined()
        expect(yield* health(world)).toMatchObject({
          status: "degraded",
          detail: expect.stringContaining("without a list"),
        })
      }),
    ),
  )

  test("is believed when Falcon says so again and again: then the hosts are gone", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 3 })
        yield* world.startWith(devices)
        yield* world.pass(5_000)
        yield* change(world, { fleet: { remove: 3 } })
        yield* world.pass(62 * minutes, 10_000)
        expect(removed(world)).toBeUndefined()
        expect(yield* health(world)).toMatchObject({
          status: "degraded",
          detail: expect.stringContaining("3 of 3 hosts are missing from Falcon's list at once"),
        })
        yield* world.pass(8 * minutes, 10_000)
        expect(removed(world)!.trim().split("\n").length).toBe(3)
        expect(yield* health(world)).toMatchObject({ status: "ok" })
      }),
    ))
})

describe("a listing of all hosts that lacks one of them", () => {
  const lacking = (world: World, body: (ids: readonly unknown[]) => object) =>
    Effect.gen(function* () {
      yield* world.startWith(devices)
      yield* world.pass(5_000)
      const ids = (yield* items(world)).slice(1).map(({ device }) => device!.uid)
      fault(world, scroll, JSON.stringify(body(ids)), { until_ms: 1e9 })
      yield* world.pass(130 * minutes, 15_000)
      expect(callsTo(world, scroll)).toBeGreaterThan(10)
      expect(removed(world)).toBeUndefined()
      return yield* health(world)
    })
  const errors = [{ code: 500, message: "a shard failed" }]

  test.each([
    ["errors", (ids: readonly unknown[]) => ({ meta: { pagination: { total: ids.length } }, resources: ids, errors })],
    ["errors and no total", (ids: readonly unknown[]) => ({ meta: {}, resources: ids, errors })],
    [
      "something that is no id in its place",
      (ids: readonly unknown[]) => ({ meta: { pagination: { total: 9 } }, resources: [...ids, null], errors: [] }),
    ],
    [
      "objects in place of ids",
      (ids: readonly unknown[]) => ({
        meta: { pagination: { total: 8 } },
        resources: ids.map((device_id) => ({ device_id })),
        errors: [],
      }),
    ],
  ])("and comes with %s says of none that it is gone, however often it comes", (_, body) =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 9 })
        expect(yield* lacking(world, body)).toMatchObject({ status: "degraded" })
      }),
    ),
  )
})

describe("a listing in which some stand twice, and others are missing", () => {
  const twice = (ids: readonly unknown[]) => [...ids.slice(1), ids[1]]

  test("says of no host that it is gone until Falcon has said so again and again", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 9 })
        yield* world.startWith(devices)
        yield* world.pass(5_000)
        const ids = (yield* items(world)).map(({ device }) => device!.uid)
        const body = JSON.stringify({ meta: { pagination: { total: 9 } }, resources: twice(ids), errors: [] })
        fault(world, scroll, body, { count: 3 })
        yield* world.pass(61 * minutes, 30_000)
        expect(yield* health(world)).toMatchObject({
          status: "degraded",
          detail: expect.stringContaining("1 of 9 hosts are missing from Falcon's list, which holds 1 twice"),
        })
        yield* world.pass(6 * minutes, 15_000)
        expect(removed(world)).toBeUndefined()
        expect(yield* health(world)).toMatchObject({ status: "ok" })
      }),
    ))

  test("says of no user that he is gone until Falcon has said so again and again", () =>
    onTestClock(
      Effect.gen(function* () {
        const { world, uids } = yield* fiveUsers
        const body = JSON.stringify({ meta: { pagination: { total: 5 } }, resources: twice(uids), errors: [] })
        fault(world, user_ids, body, { count: 4 })
        yield* world.pass(12 * minutes, 15_000)
        expect(removed(world, "user-assets.user-management")).toBeUndefined()
      }),
    ))
})

test("hosts that were missed are looked for although all were compared last by a clock that was ahead", () =>
  onTestClock(
    Effect.gen(function* () {
      const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 3 })
      const first = yield* world.startWith(devices)
      yield* world.pass(5_000)
      first.interruptUnsafe()
      yield* world.pass(5_000)
      const stored = context(world) as Record<string, object>
      const ahead = { ...stored["device-assets"], reconciled_ms: Date.UTC(2031, 0, 1) }
      world.disk.write("data/context.json", JSON.stringify({ ...stored, "device-assets": ahead }))
      yield* change(world, { fleet: { remove: 1 } })
      yield* world.startWith(devices)
      yield* world.pass(5_000)
      expect(removed(world)!.trim().split("\n").length).toBe(1)
    }),
  ))

/** A world whose five users have been sent, and their ids. */
const fiveUsers = Effect.gen(function* () {
  const world = yield* makeWorld({ ...quiet, console_users: 5 })
  yield* world.startWith(yaml("user-assets"))
  yield* world.pass(5_000)
  return { world, uids: (yield* items(world)).map(({ user }) => user!.uid) }
})

describe("a listing of users that comes with errors", () => {
  test("says of nobody that he is gone, however often it comes", () =>
    onTestClock(
      Effect.gen(function* () {
        const { world, uids } = yield* fiveUsers
        expect(uids.length).toBe(5)
        const errors = [{ code: 500, message: "a shard failed" }]
        const some = { meta: { pagination: { total: 4 } }, resources: uids.slice(0, 4), errors }
        fault(world, user_ids, JSON.stringify(some), { until_ms: 1e9 })
        yield* world.pass(30 * minutes, 10_000)
        expect(callsTo(world, user_ids)).toBeGreaterThan(10)
        expect(removed(world, "user-assets.user-management")).toBeUndefined()
        const { status, detail } = yield* health(world, "user-assets")
        expect([status, detail]).toEqual(["degraded", expect.stringContaining("a shard failed")])
      }),
    ))
})

describe("a full page that tells no total and no way on", () => {
  const full = (ids: readonly unknown[], size: number, pagination?: object) =>
    JSON.stringify({ meta: { pagination }, resources: Array.from({ length: size }, (_, n) => ids[n % ids.length]) })

  test.each([undefined, { offset: "", total: 7 }])(
    "is not all hosts: none of the others counts as gone (%j)",
    (pagination) =>
      onTestClock(
        Effect.gen(function* () {
          const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 3 })
          yield* world.startWith(devices)
          yield* world.pass(5_000)
          const ids = (yield* items(world)).slice(1).map(({ device }) => device!.uid)
          fault(world, scroll, full(ids, 10_000, pagination), { until_ms: 1e9 })
          yield* world.pass(130 * minutes, 30_000)
          expect(removed(world)).toBeUndefined()
          expect(yield* health(world)).toMatchObject({
            status: "degraded",
            detail: expect.stringContaining("nor whether the list goes on"),
          })
        }),
      ),
  )

  test("is not all users: it is followed by another request, and nobody counts as gone", () =>
    onTestClock(
      Effect.gen(function* () {
        const { world, uids } = yield* fiveUsers
        fault(world, user_ids, full(uids.slice(0, 4), 500), { until_ms: 1e9 })
        yield* world.pass(30 * minutes, 10_000)
        expect(removed(world, "user-assets.user-management")).toBeUndefined()
        const { status, detail } = yield* health(world, "user-assets")
        expect([status, detail]).toEqual(["degraded", expect.stringContaining("nor whether the list goes on")])
      }),
    ))

  test("of hosts that have changed is told in health, and read on from there", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 3 })
        const host = { device_id: "a".repeat(32), hostname: "A", modified_timestamp: "2026-01-01T00:00:00Z" }
        fault(world, combined, full([host], 1_000), { until_ms: 10_000 })
        yield* world.startWith(devices)
        yield* world.pass(5_000, 500)
        expect(yield* health(world)).toMatchObject({
          status: "degraded",
          detail: expect.stringContaining("nor whether the list goes on"),
        })
        yield* world.pass(3 * minutes, 5_000)
        expect(yield* health(world)).toMatchObject({ status: "ok" })
      }),
    ))
})

test("a total of users that shrinks while their pages come makes nobody gone", () =>
  onTestClock(
    Effect.gen(function* () {
      const { world, uids } = yield* fiveUsers
      const page = (total: number, some: readonly unknown[], offset: number) =>
        JSON.stringify({ meta: { pagination: { total, offset } }, resources: some, errors: [] })
      for (let time = 0; time < 4; time++) {
        fault(world, user_ids, page(5, uids.slice(0, 2), 0))
        fault(world, user_ids, page(3, uids.slice(2, 3), 2), { skip: 1 })
        yield* world.pass(61_000, 1_000)
      }
      expect(removed(world, "user-assets.user-management")).toBeUndefined()
    }),
  ))

describe("a listing of users that lacks one of them", () => {
  const body = (total: number, resources: readonly unknown[]) =>
    JSON.stringify({ meta: { pagination: { total } }, resources, errors: [] })

  test("and ends before its total is read on from there: nobody is gone", () =>
    onTestClock(
      Effect.gen(function* () {
        const { world, uids } = yield* fiveUsers
        for (let time = 0; time < 4; time++) {
          fault(world, user_ids, body(5, uids.slice(0, 4)))
          yield* world.pass(61_000, 1_000)
        }
        expect(removed(world, "user-assets.user-management")).toBeUndefined()
        yield* world.pass(2 * minutes, 1_000)
        expect(yield* health(world, "user-assets")).toMatchObject({ status: "ok" })
      }),
    ))

  test("and holds something that is no id in its place says of nobody that he is gone, however often it comes", () =>
    onTestClock(
      Effect.gen(function* () {
        const { world, uids } = yield* fiveUsers
        fault(world, user_ids, body(5, [null, ...uids.slice(0, 4)]), { until_ms: 1e9 })
        yield* world.pass(30 * minutes, 10_000)
        expect(callsTo(world, user_ids)).toBeGreaterThan(10)
        expect(removed(world, "user-assets.user-management")).toBeUndefined()
        const { status, detail } = yield* health(world, "user-assets")
        expect([status, detail]).toEqual(["degraded", expect.stringContaining("1 of its entries are no ids")])
      }),
    ))

  test("of a directory and holds one without an id in its place says of nobody that he is gone, however often it comes", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, identities: 5 })
        yield* world.startWith(yaml("user-assets", ["source: identity-protection"]))
        yield* world.pass(5_000)
        const nodes = (yield* items(world)).slice(1).map(({ user }) => ({ entityId: user!.uid }))
        const entities = { nodes: [...nodes, { type: "USER" }], pageInfo: { hasNextPage: false } }
        fault(world, graphql, JSON.stringify({ data: { entities } }), { until_ms: 1e9 })
        yield* world.pass(30 * minutes, 10_000)
        expect(callsTo(world, graphql)).toBeGreaterThan(5)
        expect(removed(world, "user-assets.identity-protection")).toBeUndefined()
        const { status, detail } = yield* health(world, "user-assets")
        expect([status, detail]).toEqual(["degraded", expect.stringContaining("1 of them have no entityId")])
      }),
    ))
})

test("a user who is missing once from a list is not gone", () =>
  onTestClock(
    Effect.gen(function* () {
      const { world, uids } = yield* fiveUsers
      const body = JSON.stringify({ meta: { pagination: { total: 4 } }, resources: uids.slice(0, 4), errors: [] })
      fault(world, user_ids, body)
      const before = callsTo(world, user_ids)
      yield* world.pass(10 * minutes, 10_000)
      expect(callsTo(world, user_ids) - before).toBeGreaterThan(2)
      expect(removed(world, "user-assets.user-management")).toBeUndefined()
    }),
  ))

describe("a page of hosts", () => {
  test.each([...nothing, '{"meta":{"pagination":{"total":2500}},"resources":[],"errors":[]}'])(
    "that holds nothing is not the end of the list: %s",
    (body) =>
      onTestClock(
        Effect.gen(function* () {
          const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 2_500 })
          fault(world, combined, body, { skip: 1 })
          yield* world.startWith(devices)
          yield* world.pass(minutes, 1_000)
          expect(yield* account(world)).toMatchObject({ accepted: 2_500, repeated: 0, hosts: { missing: 0 } })
        }),
      ),
  )

  test("that comes with errors does not move the position past hosts that it may lack", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 20 })
        const host = { device_id: "f".repeat(32), hostname: "late", modified_timestamp: "2026-01-14T23:59:00Z" }
        const body = JSON.stringify({ meta: {}, resources: [host], errors: [{ code: 500, message: "a shard failed" }] })
        fault(world, combined, body, { until_ms: 5 * minutes })
        yield* world.startWith(devices)
        yield* world.pass(3 * minutes, 1_000)
        expect(yield* health(world)).toMatchObject({
          status: "degraded",
          detail: expect.stringContaining("a shard failed"),
        })
        expect((context(world)["device-assets"] as { position?: string }).position).toBeUndefined()
        yield* world.pass(5 * minutes, 1_000)
        expect((yield* account(world)).hosts).toMatchObject({ missing: 0 })
        expect(yield* health(world)).toMatchObject({ status: "ok" })
      }),
    ))

  test("that holds a host twice sends it once", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 0 })
        const host = { device_id: "f".repeat(32), hostname: "twice", modified_timestamp: "2026-01-14T23:59:00Z" }
        const [other, text] = [{ ...host, device_id: "e".repeat(32) }, "text"]
        const body = JSON.stringify({ meta: {}, resources: [host, other, null, text, [], host], errors: [] })
        fault(world, combined, body)
        yield* world.startWith(devices)
        yield* world.pass(10_000)
        expect((yield* items(world)).map(({ device }) => device!.uid)).toEqual([host.device_id, other.device_id])
      }),
    ))

  test("that holds a host from the future hides no later change, and is not the newest for good", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 5 })
        const [id, future] = ["f".repeat(32), "2031-01-01T00:00:00Z"]
        const host = { device_id: id, hostname: "ahead", modified_timestamp: future, first_seen: future }
        fault(world, combined, JSON.stringify({ meta: {}, resources: [host], errors: [] }))
        yield* world.startWith(devices)
        yield* world.pass(2 * minutes, 1_000)
        yield* change(world, { fleet: { change: 3, add: 2 } })
        yield* world.pass(3 * minutes, 1_000)
        expect((yield* account(world)).hosts).toMatchObject({ exist: 7, missing: 0 })
        expect(yield* account(world)).toMatchObject({ accepted: 1 + 7 + 3, repeated: 0 })
        expect(context(world).most_recent_device_id).not.toBe(id)
      }),
    ))
})

describe("host groups", () => {
  test("that cannot be read for long leave hosts with ids for names", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 50 })
        world.simulator.addFault({ on: "api", path: groups, until_ms: 1e9, do: { status: 500 } })
        yield* world.startWith(devices)
        yield* world.pass(3 * minutes, 1_000)
        expect((yield* account(world)).accepted).toBe(0)
        yield* world.pass(9 * minutes, 1_000)
        expect((yield* account(world)).hosts.missing).toBe(0)
        const named = (yield* items(world)).flatMap(({ device }) => (device!.groups ?? []) as Record<string, string>[])
        for (const { name, uid } of named) expect(name).toBe(uid!)
      }),
    ))

  test.each([...nothing, empty])("that come as nothing keep the names that were known: %s", (body) =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 50 })
        yield* world.startWith(devices)
        yield* world.pass(10_000)
        fault(world, groups, body, { until_ms: 1e9 })
        yield* change(world, { fleet: { add: 5 } })
        yield* world.pass(5 * minutes, 1_000)
        expect(yield* account(world)).toMatchObject({ accepted: 55, hosts: { missing: 0 } })
        const named = (yield* items(world)).flatMap(({ device }) => (device!.groups ?? []) as Record<string, string>[])
        for (const { name, uid } of named) expect(name).not.toBe(uid!)
      }),
    ),
  )
})

describe("users", () => {
  test.each([
    [user_ids, empty],
    [user_ids, nothing[2]],
    [user_details, empty],
    [user_details, nothing[0]],
  ])("of the console that are missing for a while are not gone: %s %s", (path, body) =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, console_users: 40 })
        yield* world.startWith(yaml("user-assets"))
        yield* world.pass(5_000)
        fault(world, path, body, { until_ms: 4 * minutes })
        yield* world.pass(10 * minutes, 5_000)
        expect(removed(world, "user-assets.user-management")).toBeUndefined()
        expect(yield* account(world)).toMatchObject({ accepted: 40, repeated: 0 })
        expect(yield* health(world, "user-assets")).toMatchObject({ status: "ok" })
      }),
    ),
  )

  const entities = (more: object) => JSON.stringify({ data: { entities: { nodes: [], ...more } } })
  test.each([
    entities({}),
    entities({ pageInfo: { hasNextPage: true } }),
    entities({ pageInfo: null }),
    entities({ pageInfo: { hasNextPage: false, endCursor: null } }),
    '{"data":null}',
    "",
  ])("of a directory whose pages say nothing for a while are not gone: %s", (body) =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, identities: 120 })
        yield* world.startWith(yaml("user-assets", ["source: identity-protection"]))
        yield* world.pass(5_000)
        fault(world, graphql, body, { until_ms: 4 * minutes })
        yield* world.pass(10 * minutes, 5_000)
        expect(removed(world, "user-assets.identity-protection")).toBeUndefined()
        expect(yield* account(world)).toMatchObject({ accepted: 120, repeated: 0 })
        expect(yield* health(world, "user-assets")).toMatchObject({ status: "ok" })
      }),
    ),
  )
})

describe("the pause after a directory that is read as a whole", () => {
  const identity = yaml("user-assets", ["source: identity-protection"])

  test("does not grow with the time that Sekoia was away", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, identities: 120 })
        world.simulator.addFault({ on: "assets", skip: 1, until_ms: 6 * 60 * minutes, do: { status: 503 } })
        yield* world.startWith(identity)
        yield* world.pass(6 * 60 * minutes + 3 * minutes, 30_000)
        expect((yield* account(world)).distinct).toBe(120)
        const before = callsTo(world, graphql)
        yield* world.pass(3 * minutes, 5_000)
        expect(callsTo(world, graphql)).toBeGreaterThan(before)
      }),
    ))

  test("is a quarter of an hour at most, and health says when the next look is", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, identities: 500 })
        world.simulator.addFault({ on: "api", path: graphql, until_ms: 1e9, do: { slow: { delay_ms: 25_000 } } })
        yield* world.startWith(identity)
        yield* world.pass(260_000, 1_000)
        expect(callsTo(world, graphql)).toBe(10)
        expect(yield* health(world, "user-assets")).toMatchObject({
          status: "ok",
          detail: expect.stringContaining("the next look is in 900 s"),
        })
        yield* world.pass(15 * minutes, 1_000)
        expect(callsTo(world, graphql)).toBeGreaterThan(10)
      }),
    ))
})
