/** What a walk over changes could miss, and which host counts as the newest. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { onTestClock } from "../support/effect.ts"
import { makeWorld, type World } from "../support/world.ts"
import { account, change, context, quiet, yaml } from "./support.ts"

const minute = 60_000
const combined = "/devices/combined/devices/v1"

/** The next look at changes finds these hosts and no others. */
const find = (world: World, ...hosts: readonly object[]) =>
  world.simulator.addFault({
    on: "api",
    path: combined,
    do: { status: 200, body: JSON.stringify({ meta: {}, resources: hosts, errors: [] }) },
  })

const host = (id: string, modified_timestamp: string, more: object = {}) => ({
  device_id: id.repeat(32),
  hostname: `host-${id}`,
  modified_timestamp,
  ...more,
})

describe("a host whose change shows up late", () => {
  test("is sent although a later change was seen before it", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 3 })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(10 * minute + 10_000, 1_000)
        expect(yield* account(world)).toMatchObject({ accepted: 3 })
        // Falcon's index has the change of 00:10:40 at the next look, and that of 00:10:10 only at the one after.
        yield* change(world, { fleet: { change: 1 } })
        find(world, host("f", "2026-01-15T00:10:40Z"))
        yield* world.pass(5 * minute, 1_000)
        expect(yield* account(world)).toMatchObject({ accepted: 3 + 1 + 1, repeated: 0 })
      }),
    ))
})

test("hosts that come out of order are not passed over when the walk breaks off after their first page", () =>
  onTestClock(
    Effect.gen(function* () {
      const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 0 })
      const page = (next: string | undefined, ...hosts: readonly object[]) => ({
        status: 200,
        body: JSON.stringify({
          meta: { pagination: { total: 3, ...(next && { next }) } },
          resources: hosts,
          errors: [],
        }),
      })
      const [newest, older, oldest] = ["2026-01-14T23:00:00Z", "2026-01-14T20:00:00Z", "2026-01-14T19:00:00Z"] as const
      const first = { on: "api", path: combined, do: page("n", host("a", newest), host("b", older)) } as const
      world.simulator.addFault(first)
      world.simulator.addFault({ on: "api", path: combined, do: { status: 400 }, count: 1 })
      yield* world.startWith(yaml("device-assets"))
      yield* world.pass(300, 100)
      const position = () => (context(world)["device-assets"] as { position?: string } | undefined)?.position
      expect([position(), (yield* account(world)).accepted]).toEqual([undefined, 2])
      world.simulator.addFault(first)
      world.simulator.addFault({ on: "api", path: combined, do: page(undefined, host("c", oldest)) })
      yield* world.pass(2 * minute, 1_000)
      expect(yield* account(world)).toMatchObject({ accepted: 3, repeated: 0 })
      expect(position()).toBe("2026-01-14T23:00:00.000Z")
    }),
  ))

describe("the newest host", () => {
  const newest = (world: World) => context(world).most_recent_device_id

  test("is the one that Falcon knew last, in whichever order hosts come and change", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 0 })
        const [old, young] = [{ first_seen: "2024-01-01T00:00:00Z" }, { first_seen: "2026-01-10T00:00:00Z" }]
        find(world, host("a", "2026-01-14T23:00:00Z", young), host("b", "2026-01-14T23:01:00Z", old))
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(30_000, 1_000)
        expect(newest(world)).toBe("a".repeat(32))
        find(world, host("c", "2026-01-14T23:02:00Z", old))
        yield* world.pass(2 * minute, 1_000)
        expect(yield* account(world)).toMatchObject({ accepted: 3 })
        expect(newest(world)).toBe("a".repeat(32))
      }),
    ))
})
