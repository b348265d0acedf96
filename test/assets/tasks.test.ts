/** Sekoia takes assets and works on them later: what its task says counts, not the 200 before it. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { onTestClock } from "../support/effect.ts"
import { makeWorld, type World } from "../support/world.ts"
import { account, context, quiet, yaml } from "./support.ts"

const minutes = 60_000
const fleet = { ...quiet, hosts: 0, fleet: 250, asset_tasks: "finish" } as const
const devices = yaml("device-assets")
const health = (world: World) => Effect.map(world.health, ({ plugins }) => plugins["device-assets"]!)

const expectAllSent = (world: World, repeated = 0) =>
  Effect.gen(function* () {
    expect(yield* account(world)).toMatchObject({ distinct: 250, repeated, hosts: { missing: 0 } })
    expect(yield* health(world)).toMatchObject({ status: "ok" })
    expect(context(world).most_recent_device_id).toBeString()
  })

describe("assets that Sekoia works on after its answer", () => {
  test("count as sent when the task is finished, and not before", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...fleet, asset_task_ms: 20_000 })
        yield* world.startWith(devices)
        yield* world.pass(15_000, 500)
        expect(world.disk.read("data/device-assets.known") ?? "").toBe("")
        expect(context(world)).toEqual({})
        // Asked after 1 s, then 2, 4, 5 and 5 seconds later.
        expect((yield* account(world)).tasks).toMatchObject({ begun: 1, asked: 4 })
        yield* world.pass(2 * minutes, 1_000)
        yield* expectAllSent(world)
      }),
    ))

  test("are sent again when the task fails", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "assets", skip: 1, every: 1, count: 2, do: "task_fails" })
        yield* world.startWith(devices)
        yield* world.pass(minutes, 500)
        yield* expectAllSent(world)
        expect((yield* account(world)).tasks).toMatchObject({ begun: 5, finished: 3, failed: 2 })
      }),
    ))

  test("are all kept while every task fails, and sent when tasks succeed again", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "assets", until_ms: 30 * minutes, do: "task_fails" })
        yield* world.startWith(devices)
        yield* world.pass(20 * minutes, 2_000)
        const { status, detail } = yield* health(world)
        expect({ status, detail }).toMatchObject({
          status: "failed",
          detail: expect.stringContaining("its task ended as FAILED: fault of the simulator"),
        })
        expect(context(world)).toEqual({})
        expect((yield* account(world)).requests).toBeLessThan(600)
        yield* world.pass(15 * minutes, 2_000)
        yield* expectAllSent(world)
      }),
    ))

  test("are sent again when the task does not end within 300 s", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "assets", do: "task_hangs" })
        yield* world.startWith(devices)
        yield* world.pass(290_000, 1_000)
        expect(yield* account(world)).toMatchObject({ requests: 1, accepted: 0 })
        yield* world.pass(15_500, 500)
        yield* world.pass(2 * minutes, 1_000)
        yield* expectAllSent(world)
      }),
    ))

  test("are left out when their task fails for them alone, on record, and the others are sent", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...fleet, asset_task_fails_on: ["FLT-000007"] })
        yield* world.startWith(devices)
        yield* world.pass(5 * minutes, 1_000)
        expect(yield* account(world)).toMatchObject({ distinct: 249, repeated: 0, hosts: { missing: 1 } })
      }),
    ))

  test("are waited for when the question after the task goes wrong", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "tasks", count: 3, every: 1, do: { status: 503 } })
        world.simulator.addFault({ on: "tasks", skip: 4, do: { status: 200, body: "<html>" } })
        world.simulator.addFault({ on: "tasks", skip: 5, do: { status: 429, headers: { "retry-after": "20" } } })
        yield* world.startWith(devices)
        yield* world.pass(3 * minutes, 1_000)
        yield* expectAllSent(world)
        expect((yield* account(world)).tasks).toMatchObject({ begun: 3 })
      }),
    ))

  test("are not taken for sent when the key may not ask, and health names the reason", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "tasks", until_ms: 60 * minutes, do: { status: 403 } })
        yield* world.startWith(devices)
        yield* world.pass(minutes, 1_000)
        expect(yield* health(world)).toMatchObject({
          status: "failed",
          detail: expect.stringContaining("the key may not read what came of the assets"),
        })
        expect(context(world)).toEqual({})
      }),
    ))
})

describe("a 200 that is no answer of the asset API", () => {
  test.each([
    "",
    "<html>sign in</html>",
    '{"success":false}',
    '{"success":"false"}',
    '{"result":"failure"}',
    '{"status":"error"}',
    '{"errors":[{"message":"no"}]}',
    '{"errors":{"items":"no"}}',
    '{"code":"E42","message":"quota"}',
    "[]",
    '{"meta":{},"resources":null,"errors":null}',
    '{"event_ids":["1"]}',
  ])("counts for nothing: %s", (body) =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "assets", until_ms: 5 * minutes, do: { status: 200, body } })
        yield* world.startWith(devices)
        yield* world.pass(4 * minutes, 2_000)
        expect(context(world)).toEqual({})
        expect(yield* health(world)).toMatchObject({
          status: "degraded",
          detail: expect.stringContaining("answered 200, but not as an asset API"),
        })
        yield* world.pass(6 * minutes, 2_000)
        yield* expectAllSent(world)
      }),
    ),
  )
})

describe("a 200 that names no task", () => {
  test.each(["{}", '{"result":"success"}', '{"errors":[],"error":null}'])(
    "is a success from an API that never named one, as it is for Sekoia's own client: %s",
    (body) =>
      onTestClock(
        Effect.gen(function* () {
          const world = yield* makeWorld({ ...fleet, asset_tasks: "none" })
          world.simulator.addFault({ on: "assets", until_ms: 60 * minutes, do: { status: 200, body } })
          yield* world.startWith(devices)
          yield* world.pass(minutes, 1_000)
          expect(yield* health(world)).toMatchObject({ status: "ok" })
          expect(world.disk.read("data/device-assets.known")!.trim().split("\n").length).toBe(250)
        }),
      ),
  )

  test("is none from an API that names tasks: the assets are sent again", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "assets", skip: 1, every: 1, count: 2, do: { status: 200, body: "{}" } })
        yield* world.startWith(devices)
        yield* world.pass(minutes, 500)
        yield* expectAllSent(world)
      }),
    ))

  test("is believed of such an API when it has come six times in a row, and health says why it takes long", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "assets", skip: 1, every: 1, count: 1_000, do: { status: 200, body: "{}" } })
        yield* world.startWith(devices)
        yield* world.pass(5_000, 500)
        expect(yield* health(world)).toMatchObject({
          status: "degraded",
          detail: expect.stringContaining("named no task, as it did before"),
        })
        yield* world.pass(4 * minutes, 1_000)
        expect(yield* health(world)).toMatchObject({ status: "ok" })
        expect(context(world).most_recent_device_id).toBeString()
      }),
    ))
})

test("a 429 that names no time is waited for longer each time", () =>
  onTestClock(
    Effect.gen(function* () {
      const world = yield* makeWorld(fleet)
      world.simulator.addFault({ on: "assets", until_ms: 20 * minutes, do: { status: 429 } })
      yield* world.startWith(devices)
      yield* world.pass(19 * minutes, 2_000)
      expect((yield* account(world)).requests).toBeLessThanOrEqual(6)
      yield* world.pass(20 * minutes, 2_000)
      yield* expectAllSent(world)
    }),
  ))
