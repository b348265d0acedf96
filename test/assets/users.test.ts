import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { onTestClock } from "../support/effect.ts"
import { makeWorld } from "../support/world.ts"
import { account, callsTo, change, context, items, quiet, yaml } from "./support.ts"

const minutes = 60_000
const graphql = "/identity-protection/combined/graphql/v1"
const identity = yaml("user-assets", ["source: identity-protection"])

describe("users of the console", () => {
  test("are sent once, then only those that are new or changed; who is gone is on record", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, console_users: 1_100 })
        yield* world.startWith(yaml("user-assets"))
        yield* world.pass(5_000)
        expect(yield* account(world)).toMatchObject({ accepted: 1_100, distinct: 1_100 })
        expect(callsTo(world, "/user-management/queries/users/v1")).toBe(3)
        yield* change(world, { console_users: { change: 5, add: 2, remove: 3 } })
        yield* world.pass(5 * minutes, 5_000)
        expect(yield* account(world)).toMatchObject({ accepted: 1_107, distinct: 1_102, repeated: 0 })
        const removed = world.disk.read("data/user-assets.user-management.removed.ndjson")!.trim().split("\n")
        expect(removed.length).toBe(3)
        const last = (yield* items(world)).at(-1)!.user!.uid
        expect(context(world).most_recent_user_id).toBe(last)
        expect(world.simulator.account().violations).toEqual([])
      }),
    ))
})

describe("users of Identity Protection", () => {
  test("are read page by page with variables, and sent when they are new or changed", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, identities: 480 })
        yield* world.startWith(identity)
        yield* world.pass(5_000)
        expect(yield* account(world)).toMatchObject({ accepted: 480, distinct: 480 })
        expect(callsTo(world, graphql)).toBe(10)
        yield* change(world, { identities: { change: 4, add: 3, remove: 2 } })
        yield* world.pass(10 * minutes, 5_000)
        expect(yield* account(world)).toMatchObject({ accepted: 487, distinct: 483, repeated: 0 })
        const removed = world.disk.read("data/user-assets.identity-protection.removed.ndjson")!.trim().split("\n")
        expect(removed.length).toBe(2)
        expect(world.simulator.account().violations).toEqual([])
      }),
    ))

  test("a whole page of which Sekoia refuses are told from an outage by the user that it took last", () =>
    onTestClock(
      Effect.gen(function* () {
        const all = yield* makeWorld({ ...quiet, identities: 150 })
        yield* all.startWith(identity)
        yield* all.pass(5_000)
        const asset_refuses = (yield* items(all)).slice(50, 100).map(({ user }) => String(user!.name))
        const world = yield* makeWorld({ ...quiet, identities: 150, asset_refuses })
        yield* world.startWith(identity)
        yield* world.pass(5_000)
        // One for each ten that are refused.
        expect(yield* account(world)).toMatchObject({ distinct: 100, repeated: 5 })
        expect((yield* world.health).plugins["user-assets"]).toMatchObject({ status: "ok" })
      }),
    ))

  test("of a directory that takes long to read are read for a tenth of the time", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, identities: 100 })
        world.simulator.addFault({ on: "api", path: graphql, until_ms: 1e9, do: { slow: { delay_ms: 10_000 } } })
        yield* world.startWith(identity)
        yield* world.pass(195_000, 1_000)
        expect(callsTo(world, graphql)).toBe(2)
        yield* world.pass(30_000, 1_000)
        expect(callsTo(world, graphql)).toBe(4)
      }),
    ))

  test("are read no faster than the point budget of the API allows", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, identities: 500, identity_points: 120 })
        yield* world.startWith(identity)
        yield* world.pass(50_000, 1_000)
        expect((yield* account(world)).accepted).toBe(100)
        yield* world.pass(5 * minutes, 1_000)
        expect(yield* account(world)).toMatchObject({ accepted: 500, repeated: 0 })
        const refused = world.simulator.state.requests.filter(({ path, status }) => path === graphql && status === 429)
        expect(refused).toEqual([])
      }),
    ))

  test("go on where they were after a restart, from the page that was not accepted", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, identities: 500 })
        world.simulator.addFault({ on: "api", path: graphql, skip: 6, until_ms: 60 * minutes, do: { status: 403 } })
        const first = yield* world.startWith(identity)
        yield* world.pass(10_000)
        expect((yield* account(world)).accepted).toBe(300)
        expect((yield* world.health).plugins["user-assets"]).toMatchObject({
          status: "failed",
          detail: expect.stringContaining("Identity Protection"),
        })
        first.interruptUnsafe()
        world.simulator.removeFaults()
        const before = callsTo(world, graphql)
        yield* world.startWith(identity)
        yield* world.pass(5_000)
        expect(yield* account(world)).toMatchObject({ accepted: 500, repeated: 0 })
        expect(callsTo(world, graphql) - before).toBe(4)
      }),
    ))

  test("begin anew when the cursor is no longer taken, and nobody is sent twice", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, identities: 200 })
        world.simulator.addFault({ on: "api", path: graphql, skip: 2, until_ms: 60 * minutes, do: { status: 403 } })
        const first = yield* world.startWith(identity)
        yield* world.pass(5_000)
        expect((yield* account(world)).accepted).toBe(100)
        first.interruptUnsafe()
        world.simulator.removeFaults()
        const key = "user-assets.identity-protection"
        const progress = { ...(context(world)[key] as object), position: "a cursor of yesterday" }
        world.disk.write("data/context.json", JSON.stringify({ ...context(world), [key]: progress }))
        yield* world.startWith(identity)
        yield* world.pass(2 * minutes, 5_000)
        expect(yield* account(world)).toMatchObject({ accepted: 200, distinct: 200, repeated: 0 })
      }),
    ))
})
