/** Vertices after their detections, with the whole worker: what is committed when, and what happens when they cannot come. */
import { describe, expect, test } from "bun:test"
import { Effect, Fiber, Metric, type Scope } from "effect"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { readDeadLetters, replay } from "../../src/core/delivery/dead-letter-files.ts"
import { enrichment_queue } from "../../src/core/delivery/limits.ts"
import { enrichersOf } from "../../src/core/plugin.ts"
import { metrics } from "../../src/core/telemetry/metrics.ts"
import { onTestClock } from "../support/effect.ts"
import { makeWorld, type World } from "../support/world.ts"

const minute = 60_000
const yaml = "plugins: { enrichment: { enabled: true, edge_types: [child_process, primary_module, user] } }"

const withWorld = (options: SimulatorOptions, body: (world: World) => Effect.Effect<void, unknown, Scope.Scope>) =>
  onTestClock(
    Effect.gen(function* () {
      const world = yield* makeWorld({
        rate_limits: false,
        templates: 400,
        processes: 50,
        detections: "served",
        ...options,
      })
      yield* body(world)
    }),
  )

const committed = ({ disk, simulator }: World): number => {
  const [offset] = Object.values<number>(JSON.parse(disk.read("data/cache.json") ?? "{}"))
  return offset === undefined ? 0 : simulator.tapes.get(0)!.indexOf(offset)! + 1
}

const deadLetters = ({ disk }: World): { reason: string; raw: string; detail: string }[] =>
  (disk.read("data/dead-letters/2026-01-15.ndjson") ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))

/** What `akonis dead-letters replay --all` does. */
const replayAll = ({ disk, tenant }: World) =>
  Effect.gen(function* () {
    const { plugins, services } = tenant()
    const stream = plugins.find(({ plugin }) => plugin.id === "event-stream")!
    const { letters } = yield* readDeadLetters("data")
    return yield* Effect.gen(function* () {
      const destination = yield* stream.plugin.destination!(stream.config)
      return yield* replay("data", letters, destination, yield* enrichersOf(plugins), () => Effect.void)
    }).pipe(Effect.provide(services))
  }).pipe(Effect.provide(disk.layer))

const threatgraph = { on: "api" as const, path: "/threatgraph", from_ms: 0, do: { status: 503 } }

describe("a detection", () => {
  test("is sent at once, its vertices after it, and its offset is committed with them", () =>
    withWorld({ events_per_partition: 400 }, (world) =>
      Effect.gen(function* () {
        const events_out = Effect.map(
          Metric.value(Metric.withAttributes(metrics.events_out, { tenant: "default", partition: "0" })),
          ({ count }) => count,
        )
        const before = yield* events_out
        yield* world.startWith(yaml)
        yield* world.pass(2 * minute)
        expect((yield* events_out) - before).toBe(400)
        const { total, vertices } = world.simulator.account()
        expect(total).toMatchObject({ undelivered: { events: 0 }, repeated: 0, corrupted: 0, out_of_order: 0 })
        expect(vertices.detections).toBeGreaterThan(50)
        expect(vertices).toMatchObject({ without: { detections: 0 }, early: 0 })
        expect(vertices.events).toBeGreaterThan(vertices.detections)
        expect(committed(world)).toBe(400)
        expect(deadLetters(world)).toEqual([])
      }),
    ))

  test("waits for ThreatGraph while raw events go on; nothing behind it is committed, and it recovers by itself", () =>
    withWorld({ events_per_partition: 3_000, faults: [{ ...threatgraph, until_ms: 10 * minute }] }, (world) =>
      Effect.gen(function* () {
        yield* world.startWith(yaml)
        yield* world.pass(5 * minute)
        expect(world.simulator.account().total).toMatchObject({ delivered: 3_000, repeated: 0 })
        expect(committed(world)).toBeLessThan(1_000)
        const { plugins } = yield* world.health
        expect(plugins.enrichment).toMatchObject({ status: "degraded" })
        expect(plugins["event-stream"]).toMatchObject({ status: "ok" })
        yield* world.pass(20 * minute)
        expect(world.simulator.account().vertices).toMatchObject({ without: { detections: 0 }, early: 0 })
        expect(committed(world)).toBe(3_000)
        expect((yield* world.health).plugins.enrichment).toMatchObject({ status: "ok" })
        expect(deadLetters(world)).toEqual([])
      }),
    ))

  test("is dead-lettered when too much waits behind it, the oldest first", () =>
    withWorld({ events_per_partition: enrichment_queue.events_behind_max + 4_000, faults: [threatgraph] }, (world) =>
      Effect.gen(function* () {
        yield* world.startWith(yaml)
        yield* world.pass(2 * minute)
        const { total } = world.simulator.account()
        expect(total).toMatchObject({ undelivered: { events: 0 }, repeated: 0 })
        expect(total.available - committed(world)).toBeLessThanOrEqual(enrichment_queue.events_behind_max)
        const given_up = deadLetters(world)
        expect(given_up.length).toBeGreaterThan(1_000)
        expect(given_up.every(({ reason }) => reason === "not_enriched")).toBe(true)
        expect(given_up[0]!.detail).toContain("newer events wait")
        expect(Object.keys(JSON.parse(given_up[0]!.raw))).toContain("id")
      }),
    ))

  test("that is not done when the process stops is dead-lettered, so that the next start repeats nothing", () =>
    withWorld({ events_per_partition: 2_000, faults: [{ ...threatgraph, until_ms: 3 * minute }] }, (world) =>
      Effect.gen(function* () {
        const first = yield* world.startWith(yaml)
        yield* world.pass(minute)
        const stopping = yield* Effect.forkDetach(Fiber.interrupt(first))
        yield* world.pass(10_000)
        yield* Fiber.await(stopping)
        expect(committed(world)).toBe(2_000)
        const recorded = new Set(deadLetters(world).map(({ raw }) => JSON.parse(raw).id))
        expect(recorded.size).toBeGreaterThanOrEqual(world.simulator.account().vertices.detections)
        yield* world.startWith(yaml)
        yield* world.pass(5 * minute)
        expect(world.simulator.account().total.repeated).toBe(0)
        const replaying = yield* Effect.forkChild(replayAll(world))
        yield* world.pass(10 * minute)
        expect(yield* Fiber.join(replaying)).toMatchObject({ refused: 0, delivered: deadLetters(world).length })
        expect(world.simulator.account().vertices).toMatchObject({ without: { detections: 0 }, early: 0 })
      }),
    ))
})
