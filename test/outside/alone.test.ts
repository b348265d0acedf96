/** A plugin from outside that throws, hangs or answers with nonsense: it fails alone. */
import { describe, expect, test } from "bun:test"
import type { Action, Plugin } from "akonis/plugin"
import { Effect, Fiber, type Scope } from "effect"
import { z } from "zod"
import { enrichersOf } from "../../src/core/plugin.ts"
import { adapt } from "../../src/outside/adapt.ts"
import { definePlugin, outcomeOfList } from "../../src/outside/api.ts"
import { outside } from "../../src/outside/limits.ts"
import { withRig } from "../../src/outside/rig.ts"
import { onTestClock } from "../support/effect.ts"
import { makeWorld, type World } from "../support/world.ts"

const second = 1_000
const minute = 60 * second

type Parts = Partial<Plugin>

const acme = (parts: Parts) => adapt({ api: 1, id: "acme", title: "Acme.", config: z.strictObject({}), ...parts })

const events = 60

/** A worker with these plugins, and events to deliver. */
const withWorld = (parts: readonly Parts[], body: (world: World) => Effect.Effect<void, unknown, Scope.Scope>) =>
  onTestClock(
    Effect.gen(function* () {
      const options = { events_per_partition: events, templates: 60, processes: 10, detections: "served" as const }
      const world = yield* makeWorld({ rate_limits: false, ...options }, {}, undefined, parts.map(acme))
      yield* body(world)
    }),
  )

const allDelivered = ({ simulator }: World) =>
  expect(simulator.account().total).toMatchObject({ delivered: events, repeated: 0, corrupted: 0, out_of_order: 0 })

const throws = () => {
  throw new Error("no luck")
}

describe("background work", () => {
  const ends: Readonly<Record<string, readonly [() => unknown, string]>> = {
    throws: [throws, "no luck"],
    dies: [() => Effect.die(new Error("no luck")), "no luck"],
    fails: [() => Effect.fail("no luck"), "no luck"],
    ends: [() => Effect.void, "ended by itself"],
    "gives-a-promise": [() => Promise.resolve(), "gives no Effect"],
  }

  test("that throws, dies, fails or ends begins anew, later each time; only its own health says so", () => {
    const lives = new Map<string, number>()
    const parts = Object.entries(ends).map(
      ([id, [run]]): Parts => ({
        id,
        run: () => {
          lives.set(id, (lives.get(id) ?? 0) + 1)
          return run() as never
        },
      }),
    )
    return withWorld(parts, (world) =>
      Effect.gen(function* () {
        yield* world.start
        yield* world.pass(2 * minute, second)
        allDelivered(world)
        const { plugins, ready } = yield* world.health
        expect([ready, plugins["event-stream"]!.status]).toEqual([true, "ok"])
        for (const [id, [, why]] of Object.entries(ends)) {
          expect(plugins[id]).toMatchObject({ status: "failed", detail: expect.stringContaining(why) })
          expect(lives.get(id)).toBeGreaterThan(3)
          expect(lives.get(id)).toBeLessThan(20)
        }
      }),
    )
  })

  test("that takes its time to stop is waited for", () => {
    let ended = false
    const tidies = Effect.andThen(
      Effect.sleep(second),
      Effect.sync(() => {
        ended = true
      }),
    )
    return withWorld([{ run: () => Effect.onInterrupt(Effect.never, () => tidies) }], (world) =>
      Effect.gen(function* () {
        const process = yield* world.start
        yield* world.pass(second)
        const stopping = yield* Effect.forkDetach(Effect.map(Fiber.interrupt(process), () => ended))
        yield* world.pass(3 * second)
        expect(yield* Fiber.join(stopping)).toBe(true)
      }),
    )
  })

  test("that does not stop when it is told to is left behind", () => {
    const stubborn = Effect.onInterrupt(Effect.never, () => Effect.never)
    return withWorld([{ run: () => stubborn }], (world) =>
      Effect.gen(function* () {
        const process = yield* world.start
        yield* world.pass(3 * second)
        const stopping = yield* Effect.forkDetach(Fiber.interrupt(process))
        yield* world.pass(outside.stop_ms_max + 3 * second)
        const is_left = stopping.pollUnsafe() !== undefined
        // Whoever waits longer than that gets the time, so that the test ends.
        if (!is_left) yield* world.pass(30 * second)
        expect(is_left).toBe(true)
        allDelivered(world)
      }),
    )
  })
})

describe("an enricher", () => {
  const enricher = (id: string, enrich: () => unknown, pick: () => unknown = () => "{}"): Parts => ({
    id,
    enricher: {
      event_types: ["EppDetectionSummaryEvent"],
      fields: ["CompositeId"],
      pick: pick as () => string,
      enrich: enrich as never,
    },
  })
  const lettersOf = ({ disk }: World, id: string) =>
    (disk.read("data/dead-letters/2026-01-15.ndjson") ?? "")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { detail: string; enricher?: string })
      .filter((letter) => letter.enricher === id)

  test("that hangs keeps neither the stream nor another enricher waiting; what it did not add are dead letters", () =>
    withWorld([enricher("acme", () => Effect.never)], (world) =>
      Effect.gen(function* () {
        yield* world.startWith("plugins: { enrichment: { enabled: true, edge_types: [user] } }")
        yield* world.pass(10 * second)
        allDelivered(world)
        yield* world.pass(15 * second)
        expect(world.simulator.account().vertices).toMatchObject({ without: { detections: 0 } })
        yield* world.pass(15 * second)
        const details = lettersOf(world, "acme").map(({ detail }) => detail)
        expect(details.length).toBeGreaterThanOrEqual(world.simulator.account().vertices.detections)
        expect(details[0]).toContain("did not end within 30 s")
        expect(details.some((detail) => detail.includes("left alone for a while"))).toBe(true)
        const { plugins } = yield* world.health
        expect(plugins.acme).toMatchObject({
          status: "failed",
          detail: expect.stringContaining("did not end within 30 s"),
        })
        expect([plugins["event-stream"]!.status, plugins.enrichment!.status]).toEqual(["ok", "ok"])
        yield* world.pass(minute, second)
        const [offset] = Object.values<number>(JSON.parse(world.disk.read("data/cache.json") ?? "{}"))
        expect(world.simulator.tapes.get(0)!.indexOf(offset!)).toBe(events - 1)
      }),
    ))

  test("that throws or gives nonsense sends nothing, and its health says why", () => {
    const broken: Readonly<Record<string, readonly [() => unknown, string]>> = {
      throws: [throws, "no luck"],
      "no-list": [() => Effect.succeed("{}"), "no list of texts"],
      "no-events": [() => Effect.succeed(["[]"]), "no text of one JSON object"],
      "too-many": [() => Effect.succeed(Array(outside.events_max + 1).fill("{}")), "more than 1000"],
    }
    const parts = Object.entries(broken).map(([id, [enrich]]) => enricher(id, enrich))
    const stumbles = enricher(
      "stumbles",
      () => Effect.succeed([]),
      () => ({ no: "text" }),
    )
    return withWorld([...parts, stumbles], (world) =>
      Effect.gen(function* () {
        yield* world.start
        yield* world.pass(10 * second)
        allDelivered(world)
        const { plugins } = yield* world.health
        for (const [id, [, why]] of Object.entries(broken)) {
          expect(plugins[id]!.detail).toContain(why)
          expect(lettersOf(world, id)[0]!.detail).toContain(why)
        }
        expect(world.disk.read("data/dead-letters/2026-01-15.ndjson")).toContain("neither a text nor undefined")
      }),
    )
  })

  test("that works again is asked again after a while", () => {
    let asked = 0
    const dies = Effect.suspend(() => Effect.die(`no luck ${++asked}`))
    return withWorld([enricher("acme", () => dies)], (world) =>
      Effect.gen(function* () {
        yield* world.start
        yield* world.pass(10 * second)
        const before = asked
        expect(before).toBeLessThan(world.simulator.account().vertices.detections)
        yield* world.pass(outside.pause_ms, second)
        const [one] = yield* enrichersOf(world.tenant().plugins).pipe(Effect.provide(world.tenant().services))
        yield* Effect.flip(one!.enrich("{}"))
        expect(asked).toBe(before + 1)
      }),
    )
  })
})

describe("an action", () => {
  const action = (run: () => unknown, changes = false) =>
    ({
      slug: "greet",
      title: "Greet",
      description: "Greets.",
      arguments: z.strictObject({}),
      resource: z.unknown(),
      example: {},
      scopes: [],
      changes,
      destructive: false,
      idempotent: true,
      run,
    }) as Action

  const good = () => Effect.succeed(outcomeOfList(["hello"], [], []))

  test.each([
    ["throws", throws, 500, "no luck"],
    ["gives no effect", () => 1, 500, "gives no Effect"],
    ["gives no outcome", () => Effect.succeed({}), 500, "gave no outcome"],
    ["counts wrongly", () => Effect.succeed({ ...outcomeOfList([1], [], []), requested: 7 }), 500, "gave no outcome"],
    ["answers with what is no JSON", () => Effect.succeed(outcomeOfList([1n], [], [])), 500, "BigInt"],
    ["hangs", () => Effect.never, 504, "was not done within 120 s"],
  ])("that %s is an error of its own, and health says so until it works again", (_, run, status, why) => {
    let broken = true
    const plugin = acme({ actions: [action(() => (broken ? run() : good()))] })
    return withRig(plugin, { config: {} }, (rig) =>
      Effect.gen(function* () {
        expect((yield* Effect.promise(() => rig.act("greet", {}))).status).toBe(status)
        expect(yield* rig.health).toMatchObject({ status: "degraded", detail: expect.stringContaining(why) })
        broken = false
        expect((yield* Effect.promise(() => rig.act("greet", {}))).status).toBe(200)
        expect(yield* rig.health).toMatchObject({ status: "ok" })
      }),
    )
  })

  test("that changes something and hangs is not known to have done nothing", () =>
    withRig(acme({ actions: [action(() => Effect.never, true)] }), { config: {} }, (rig) =>
      Effect.gen(function* () {
        const { status, body } = yield* Effect.promise(() => rig.act("greet", {}))
        expect([status, body.type]).toEqual([409, "/problems/outcome-unknown"])
      }),
    ))
})

test("a check that hangs, throws or gives nonsense is a failed row", async () => {
  const findingOf = (check: () => unknown) =>
    withRig(acme({ check: check as never }), { config: {} }, ({ tenant }) =>
      Effect.scoped(Effect.provide(tenant.plugins[0]!.plugin.checks!({})[0]!.find, tenant.services)),
    )
  const found = await Promise.all([() => Effect.never, throws, () => Effect.succeed({})].map(findingOf))
  expect(found.map(({ status }) => status)).toEqual(["failed", "failed", "failed"])
  expect(found[0]!.detail).toBe("nothing was found out within 30 s")
  expect(found[1]!.detail).toContain("no luck")
})

test("a plugin is checked when it is loaded, whoever made it: definePlugin only gives it back", () => {
  const declared = { api: 1, id: "x", title: "x", config: z.strictObject({}) } as const
  expect(definePlugin(declared)).toBe(declared)
})
