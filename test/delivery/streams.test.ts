import { describe, expect, test } from "bun:test"
import { Deferred, Effect, Fiber } from "effect"
import { Fenced } from "../../src/core/store/fence.ts"
import { onTestClock } from "../support/effect.ts"
import { makeWorld, type World } from "../support/world.ts"
import { destinations } from "./destinations.ts"

const minutes = 60_000
const hours = 60 * minutes

const committed = ({ disk }: World): number[] => Object.values(JSON.parse(disk.read("data/cache.json") ?? "{}"))

/** Everything that exists has arrived once, intact and in order. */
const expectComplete = ({ total, violations }: ReturnType<World["simulator"]["account"]>): void => {
  expect(total).toMatchObject({ undelivered: { events: 0 }, repeated: 0, corrupted: 0, out_of_order: 0 })
  expect(violations).toEqual([])
}

const expectAllDelivered = ({ simulator }: World): void => expectComplete(simulator.account())

describe.each(destinations)("the stream %s", (_, { start, account }) => {
  /** Everything that exists has arrived once, intact and in order. */
  const expectAllDelivered = (world: World) => Effect.map(account(world), expectComplete)

  test("is delivered from every partition, and the last offset of each is committed", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ partitions: 3, events_per_partition: 2_500 })
        yield* start(world)
        yield* world.pass(3_000)
        yield* expectAllDelivered(world)
        expect(committed(world).length).toBe(3)
        expect(yield* world.health).toMatchObject({ ready: true, plugins: { "event-stream": { status: "ok" } } })
      }),
    ))

  test("is found although the app id is held: another id of the ring is taken, and health says why it waits", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ events_per_partition: 50, lock: "session" })
        const first = yield* start(world)
        yield* world.pass(3_000)
        yield* Fiber.interrupt(first)
        yield* start(world)
        yield* world.pass(5_000)
        const waiting = yield* world.health
        expect(waiting).toMatchObject({ ready: false, plugins: { "event-stream": { status: "degraded" } } })
        expect(waiting.plugins["event-stream"]?.detail).toContain("an earlier session still holds it")
        yield* world.pass(10_000)
        expect(yield* world.health).toMatchObject({ ready: true, plugins: { "event-stream": { status: "ok" } } })
        yield* expectAllDelivered(world)
      }),
    ))

  test("is found at once in a cluster, though a process that is gone still holds the app id, as long as the ring has another one", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ events_per_partition: 50, lock: "session" })
        for (const epoch of [1, 2, 3, 4]) {
          const fence = { unit: "default/event-stream", epoch, lost: Deferred.makeUnsafe<void>() }
          const process = yield* Effect.provideService(start(world), Fenced, fence)
          yield* world.pass(3_000)
          expect(yield* world.health).toMatchObject({ ready: true, plugins: { "event-stream": { status: "ok" } } })
          yield* Fiber.interrupt(process)
        }
        yield* expectAllDelivered(world)
      }),
    ))

  test("is resumed at the committed offset, whether Falcon counts it in or not", () =>
    onTestClock(
      Effect.gen(function* () {
        for (const resume of ["inclusive", "exclusive"] as const) {
          const world = yield* makeWorld({
            events_per_partition: 1_500,
            events_per_second: 5,
            events_max: 1_700,
            resume,
          })
          const first = yield* start(world)
          yield* world.pass(20_000)
          yield* Fiber.interrupt(first)
          yield* start(world)
          yield* world.pass(30_000)
          yield* expectAllDelivered(world)
        }
      }),
    ))

  test("survives a cut in the middle of a line, a rewind and repeated events without losing or repeating any", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({
          events_per_partition: 3_000,
          events_per_second: 20,
          events_max: 4_000,
          faults: [
            { on: "stream", after_ms: 3_000, do: "cut" },
            { on: "stream", after_ms: 10_000, do: { repeat: { events: 40 } } },
            { on: "stream", after_ms: 20_000, do: "reset" },
            { on: "stream", after_ms: 30_000, do: "rewind" },
          ],
        })
        yield* start(world)
        yield* world.pass(80_000)
        yield* expectAllDelivered(world)
      }),
    ))

  test("that falls silent is opened again after two minutes, and health tells", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({
          events_per_partition: 10,
          events_per_second: 1,
          events_max: 400,
          faults: [{ on: "stream", after_ms: 5_000, do: "stall" }],
        })
        yield* start(world)
        yield* world.pass(100_000)
        expect((yield* account(world)).total.delivered).toBeLessThan(30)
        yield* world.pass(400_000)
        yield* expectAllDelivered(world)
      }),
    ))

  test("takes up a partition that appears later", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ partitions: 1, events_per_partition: 20 })
        yield* start(world)
        yield* world.pass(3_000)
        yield* Effect.promise(() =>
          world.simulator.fetch(
            new Request("http://falcon.test/_sim/partitions", {
              method: "POST",
              headers: { "content-type": "application/json" },
              body: JSON.stringify({ add: 1 }),
            }),
          ),
        )
        yield* world.pass(16 * minutes, 1_000)
        yield* expectAllDelivered(world)
        expect(committed(world).length).toBe(2)
      }),
    ))

  test("begins at the newest event where the configuration says so", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ events_per_partition: 500, events_per_second: 1 }, {})
        const akonis = yield* start(world, { start: "newest" })
        yield* world.pass(10_000)
        yield* Fiber.interrupt(akonis)
        const { total } = yield* account(world)
        expect(total.delivered).toBeGreaterThan(3)
        expect(total.delivered).toBeLessThan(15)
      }),
    ))
})

describe("the stream", () => {
  test("starts over from the committed offset when its delivery meets what nobody expected", () =>
    onTestClock(
      Effect.gen(function* () {
        let broken = 0
        const world = yield* makeWorld({ events_per_partition: 2_500 }, {}, (request, simulator) => {
          if (!request.url.endsWith("/batch") || broken++ > 0) return simulator(request)
          // No text at all: more than any code for bad answers is made for.
          return Promise.resolve({ status: 200, headers: new Headers(), text: async () => undefined } as never)
        })
        yield* world.start
        yield* world.pass(30_000)
        expect(broken).toBeGreaterThan(1)
        expectAllDelivered(world)
      }),
    ))

  test("stays open over a quiet night, since the refresh does not wait for events", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({
          events_per_partition: 1,
          events_per_second: 1 / 7_200,
          events_max: 5,
          session_life_s: 1e6,
          rate_limits: false,
        })
        yield* world.start
        yield* world.pass(9 * hours, 10_000)
        expectAllDelivered(world)
        expect(world.simulator.account().total.delivered).toBe(5)
      }),
    ))

  test("goes on in a new session when the old one has reached the end of its life", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({
          events_per_partition: 10,
          events_per_second: 0.05,
          events_max: 1_000,
          session_life_s: 4 * 3_600,
          rate_limits: false,
        })
        yield* world.start
        yield* world.pass(9 * hours, 10_000)
        expectAllDelivered(world)
      }),
    ))
})

describe("an intake that fails", () => {
  test.each([
    ["500", { status: 500 }],
    ["429 with Retry-After", { status: 429, headers: { "retry-after": "7" } }],
    ["a hang", "hang"],
    ["a broken connection", "reset"],
  ] as const)("with %s for an hour loses and repeats nothing, and the session stays refreshed", (_, deed) =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({
          partitions: 2,
          events_per_partition: 5_000,
          session_life_s: 1e6,
          rate_limits: false,
          faults: [{ on: "intake", until_ms: hours, do: deed }],
        })
        yield* world.start
        yield* world.pass(30 * minutes, 5_000)
        const report = yield* world.health
        expect(report.plugins["event-stream"]).toMatchObject({ status: "degraded" })
        expect(report.plugins["event-stream"]?.detail).toContain("intake blocked")
        yield* world.pass(35 * minutes, 5_000)
        expectAllDelivered(world)
        expect((yield* world.health).plugins["event-stream"]?.status).toBe("ok")
      }),
    ),
  )

  test("loses nothing while sessions end behind it and the reader is cut off in the middle of a chunk", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({
          events_per_partition: 9_000,
          session_life_s: 300,
          rate_limits: false,
          faults: [{ on: "intake", from_ms: 500, until_ms: 20 * minutes, do: { status: 503 } }],
        })
        yield* world.start
        yield* world.pass(25 * minutes, 500)
        expectAllDelivered(world)
      }),
    ))

  test("with 401 is a wrong key: health fails and says so, nothing is committed", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ events_per_partition: 100 }, { SEKOIA_INTAKE_KEY: "not-the-intake-key" })
        yield* world.start
        yield* world.pass(10_000)
        const { status, detail } = (yield* world.health).plugins["event-stream"]!
        expect(status).toBe("failed")
        expect(detail).toContain("intake_key")
        expect(committed(world)).toEqual([])
      }),
    ))
})

describe("Falcon refusing", () => {
  test("the listing with 403 makes health name the scope, and the worker recovers when it is granted", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({
          events_per_partition: 100,
          faults: [{ on: "list", until_ms: 5 * minutes, do: { status: 403 } }],
        })
        yield* world.start
        yield* world.pass(10_000)
        const { status, detail } = (yield* world.health).plugins["event-stream"]!
        expect(status).toBe("failed")
        expect(detail).toContain("Event streams: Read")
        yield* world.pass(7 * minutes, 1_000)
        expectAllDelivered(world)
      }),
    ))

  test("the credentials makes health say so, and the worker recovers when they are right", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ events_per_partition: 100 }, { FALCON_CLIENT_SECRET: "not-the-secret" })
        yield* world.start
        yield* world.pass(10_000)
        expect((yield* world.health).plugins["event-stream"]?.status).toBe("failed")
      }),
    ))

  test("with 429 on the feed is waited out as Falcon asks", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({
          events_per_partition: 100,
          faults: [{ on: "open", count: 1, do: { status: 429, headers: { "retry-after": "20" } } }],
        })
        yield* world.start
        yield* world.pass(15_000)
        expect(world.simulator.account().total.delivered).toBe(0)
        yield* world.pass(10_000)
        expectAllDelivered(world)
      }),
    ))
})
