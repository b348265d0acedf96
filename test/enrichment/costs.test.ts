import { describe, expect, test } from "bun:test"
import { Clock, Effect, Fiber } from "effect"
import type { Simulator } from "../../simulator/simulator.ts"
import { enrichment } from "../../src/plugins/enrichment/limits.ts"
import { getDeviceDetails } from "../../src/plugins/hosts/get-device-details.ts"
import { act, callsOf } from "../actions/support.ts"
import { detectionOf, detectionsOf, enrich, withEnricher } from "./support.ts"

/** Edge types that falconpy lists, without `device`. */
const edge_types = 266

describe("the calls of one detection", () => {
  test("with nothing known: those of the Python module, and the pages that it leaves out", () =>
    withEnricher({}, {}, ({ simulator, enricher, calls }) =>
      Effect.gen(function* () {
        const events = yield* enrich(enricher, detectionOf(simulator, "EppDetectionSummaryEvent"))
        const { edges, vertices, ...others } = yield* calls
        expect(others).toEqual({ alerts: 1, detections: 0, edge_types: 1 })
        const pages = edges - 2 * edge_types
        expect(pages).toBeGreaterThan(0)
        expect(vertices).toBeLessThanOrEqual(7 + Math.ceil(events.length / enrichment.vertices_per_call))
      }),
    ))

  test("with the process known: the alert alone, and the same vertices", () =>
    withEnricher({ templates: 400, processes: 1 }, {}, ({ simulator, enricher, calls }) =>
      Effect.gen(function* () {
        const [first, second] = detectionsOf(simulator, "EppDetectionSummaryEvent").filter(triggered)
        const cold = yield* enrich(enricher, first)
        const before = yield* calls
        // With one process in the world it is its own parent.
        expect(before.edges).toBeLessThan(2 * edge_types)
        const warm = yield* enrich(enricher, second)
        expect(yield* calls).toEqual({ ...before, alerts: before.alerts + 1 })
        const vertices = (events: readonly string[]) => events.map((text) => JSON.parse(text).event)
        expect(vertices(warm)).toEqual(vertices(cold))
      }),
    ))

  test("repeated: none at all", () =>
    withEnricher({}, { edge_types: ["user"] }, ({ simulator, enricher, calls }) =>
      Effect.gen(function* () {
        const detection = detectionOf(simulator, "EppDetectionSummaryEvent")
        const once = yield* enrich(enricher, detection)
        const before = yield* calls
        expect(yield* enrich(enricher, detection)).toEqual(once)
        expect(yield* calls).toEqual(before)
      }),
    ))

  test("beside others of the same process: shared while they are under way", () =>
    withEnricher({ templates: 400, processes: 1, threatgraph_delay_ms: 1_000 }, {}, ({ simulator, enricher, calls }) =>
      Effect.gen(function* () {
        const all = detectionsOf(simulator, "EppDetectionSummaryEvent").filter(triggered).slice(0, 10)
        const sent = yield* Effect.forEach(all, (one) => enrich(enricher, one), { concurrency: "unbounded" })
        for (const events of sent) expect(events.length).toBe(sent[0]!.length)
        const { alerts, edges, vertices } = yield* calls
        expect(alerts).toBe(1)
        // One walk: the process is its own parent.
        expect(edges).toBeLessThan(edge_types + 4)
        expect(vertices).toBeLessThan(12)
      }),
    ))

  test("again when what is remembered has grown old; the list of edge types lasts a day", () =>
    withEnricher({}, { edge_types: ["user"] }, ({ simulator, enricher, calls }) =>
      Effect.gen(function* () {
        const detection = detectionOf(simulator, "EppDetectionSummaryEvent")
        yield* enrich(enricher, detection)
        expect(yield* calls).toMatchObject({ alerts: 1, edge_types: 1, edges: 2, vertices: 1 })
        yield* Effect.sleep(enrichment.edges_life_ms + 1)
        yield* enrich(enricher, detection)
        expect(yield* calls).toMatchObject({ alerts: 1, edge_types: 1, edges: 4, vertices: 2 })
      }),
    ))
})

describe("a storm of detections", () => {
  test("over few processes costs what the processes cost", () =>
    withEnricher({ templates: 400, processes: 3 }, {}, ({ simulator, enricher, calls }) =>
      Effect.gen(function* () {
        const storm = detectionsOf(simulator, "EppDetectionSummaryEvent").filter(triggered)
        expect(storm.length).toBeGreaterThan(100)
        yield* Effect.forEach(storm, (one) => enrich(enricher, one), { concurrency: 20 })
        const { alerts, edges } = yield* calls
        expect(alerts).toBeLessThan(storm.length / 4)
        // The naive count is 2 x 266 for each of them.
        expect(edges).toBeLessThan(3 * (edge_types + 10))
      }),
    ))

  test("is worked off in its order: the first detections do not wait for the last", () =>
    withEnricher({ templates: 400 }, {}, ({ simulator, enricher }) =>
      Effect.gen(function* () {
        const storm = detectionsOf(simulator, "EppDetectionSummaryEvent").filter(triggered).slice(0, 6)
        const done = yield* Effect.forEach(
          storm,
          (one) => Effect.andThen(enrich(enricher, one), Clock.currentTimeMillis),
          { concurrency: "unbounded" },
        )
        const [first, last] = [Math.min(...done), Math.max(...done)]
        const began = Date.UTC(2026, 0, 15)
        // Two of six are walked at once.
        expect((first - began) / (last - began)).toBeLessThan(0.5)
      }),
    ))

  test("stays within its share of the budget: no second and no minute sees more", () =>
    withEnricher({ templates: 400 }, {}, ({ simulator, enricher }) =>
      Effect.gen(function* () {
        const storm = detectionsOf(simulator, "EppDetectionSummaryEvent").filter(triggered).slice(0, 8)
        const started_ms = yield* Clock.currentTimeMillis
        const seen = yield* Effect.forkChild(everyMinute(simulator))
        const running = yield* Effect.forkChild(
          Effect.forEach(storm, (one) => enrich(enricher, one), { concurrency: "unbounded" }),
        )
        yield* Effect.sleep("100 seconds")
        yield* Fiber.interrupt(running)
        const times = yield* Fiber.join(seen)
        expect(times.length).toBeGreaterThan(2_000)
        expect(busiest(times, 1_000)).toBeLessThanOrEqual(enrichment.api_per_second_max)
        expect(busiest(times, 60_000)).toBeLessThanOrEqual(2_000)
        expect(times[0]).toBeGreaterThanOrEqual(started_ms)
      }),
    ))

  test("leaves out edge types that are rare among its processes, but not when there is time", () =>
    withEnricher({ templates: 2_000, events_per_partition: 6_000 }, rare, ({ simulator, enricher, calls }) =>
      Effect.gen(function* () {
        const all = detectionsOf(simulator, "EppDetectionSummaryEvent").filter(triggered)
        const [learned, storm, calm] = [all.slice(0, 30), all.slice(30, 60), all.slice(60, 65)]
        yield* Effect.forEach(learned, (one) => enrich(enricher, one))
        const before = (yield* calls).edges
        expect(before).toBe(30 * 2 * 3)
        yield* Effect.forEach(storm, (one) => enrich(enricher, one), { concurrency: "unbounded" })
        const in_storm = (yield* calls).edges - before
        // `user` for each process; the other two for every 20th.
        expect(in_storm).toBeGreaterThanOrEqual(60)
        expect(in_storm).toBeLessThanOrEqual(60 + 2 * (60 / enrichment.rare_every))
        yield* Effect.forEach(calm, (one) => enrich(enricher, one))
        expect((yield* calls).edges - before - in_storm).toBe(5 * 2 * 3)
      }),
    ))

  test("leaves the tenant's budget to others: an action in the middle of it waits for nobody", () =>
    withEnricher({ templates: 400 }, {}, ({ simulator, enricher }) =>
      Effect.gen(function* () {
        const storm = detectionsOf(simulator, "EppDetectionSummaryEvent").filter(triggered)
        const running = yield* Effect.forkChild(
          Effect.forEach(storm, (one) => enrich(enricher, one), { concurrency: "unbounded" }),
        )
        yield* Effect.sleep("60 seconds")
        const asked_ms = yield* Clock.currentTimeMillis
        yield* act(getDeviceDetails, { ids: ["0".repeat(32)] })
        expect((yield* Clock.currentTimeMillis) - asked_ms).toBeLessThanOrEqual(500)
        yield* Fiber.interrupt(running)
      }),
    ))
})

/** Of these, processes in the simulator only have `user`. */
const rare = { edge_types: ["user", "has_firmware", "wmicreated_process"] }

const triggered = ({ event }: { readonly event: Readonly<Record<string, unknown>> }) => event.ProcessId !== undefined

/** When the calls of the next 99 seconds reached Falcon; the simulator itself only remembers the last thousand. */
const everyMinute = (simulator: Simulator) =>
  Effect.gen(function* () {
    const times: number[] = []
    let last_ms = 0
    for (let look = 0; look < 33; look++) {
      yield* Effect.sleep("3 seconds")
      const fresh = (yield* callsOf(simulator)).filter(({ at_ms }) => at_ms > last_ms)
      times.push(...fresh.map(({ at_ms }) => at_ms))
      last_ms = fresh.at(-1)?.at_ms ?? last_ms
    }
    return times
  })

/** The most that any window of this width holds. */
const busiest = (times: readonly number[], width_ms: number): number =>
  Math.max(...times.map((start) => times.filter((time) => time >= start && time < start + width_ms).length))
