import { describe, expect, test } from "bun:test"
import { Effect, Fiber } from "effect"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { onTestClock } from "../support/effect.ts"
import { makeWorld, type World } from "../support/world.ts"
import { account, callsTo, context, quiet, yaml } from "./support.ts"

const minutes = 60_000
const combined = "/devices/combined/devices/v1"
const fleet = { ...quiet, hosts: 0, fleet: 4_000 } satisfies SimulatorOptions
const devices = yaml("device-assets")

const expectAllSent = (world: World, repeated_max = 0) =>
  Effect.gen(function* () {
    const { accepted, distinct, repeated, hosts } = yield* account(world)
    expect({ distinct, missing: hosts.missing }).toEqual({ distinct: 4_000, missing: 0 })
    expect(repeated).toBeLessThanOrEqual(repeated_max)
    expect(accepted).toBe(distinct + repeated)
    expect((yield* world.health).plugins["device-assets"]).toMatchObject({ status: "ok" })
  })

describe("every host is sent, none twice,", () => {
  test("when the asset API fails for a minute in the middle", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "assets", skip: 13, until_ms: minutes, do: { status: 500 } })
        yield* world.startWith(devices)
        yield* world.pass(10_000)
        expect((yield* account(world)).accepted).toBe(1_300)
        expect(context(world).most_recent_device_id).toBeUndefined()
        const told = {
          status: "degraded",
          detail: 'hosts: the asset API answered 500: {"errors":[{"code":500,"message":"fault of the simulator"}]}',
        }
        expect((yield* world.health).plugins["device-assets"]).toMatchObject(told)
        yield* world.pass(35_000)
        expect((yield* world.health).plugins["device-assets"]).toMatchObject(told)
        yield* world.pass(2 * minutes, 1_000)
        yield* expectAllSent(world)
        expect(context(world).most_recent_device_id).toBeString()
        // The cycle went on at its second page: the first was not read again.
        expect(callsTo(world, combined)).toBeLessThan(10)
      }),
    ))

  test("when the asset API asks to wait", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "assets", skip: 3, do: { status: 429, headers: { "retry-after": "40" } } })
        yield* world.startWith(devices)
        yield* world.pass(30_000)
        expect((yield* account(world)).accepted).toBe(300)
        yield* world.pass(30_000)
        yield* expectAllSent(world)
        expect((yield* account(world)).refused).toEqual({ "429": 1 })
      }),
    ))

  test("when the connection to the asset API breaks", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "assets", every: 9, count: 4, do: "reset" })
        yield* world.startWith(devices)
        yield* world.pass(30_000)
        yield* expectAllSent(world)
      }),
    ))

  test("when the asset API refuses the key until somebody corrects it", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "assets", skip: 5, until_ms: 10 * minutes, do: { status: 401 } })
        yield* world.startWith(devices)
        yield* world.pass(5 * minutes, 1_000)
        const { refused, accepted } = yield* account(world)
        expect({ accepted, tries: refused["401"] }).toEqual({ accepted: 500, tries: 6 })
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({ status: "failed" })
        yield* world.pass(7 * minutes, 1_000)
        yield* expectAllSent(world)
      }),
    ))

  test("when Falcon's token runs out in the middle", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "api", path: combined, skip: 2, do: { status: 401 } })
        yield* world.startWith(devices)
        yield* world.pass(10_000)
        yield* expectAllSent(world)
      }),
    ))

  test("when a page fails for longer than it is tried", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "api", path: combined, skip: 2, count: 9, every: 1, do: { status: 502 } })
        yield* world.startWith(devices)
        yield* world.pass(3 * minutes, 1_000)
        yield* expectAllSent(world)
      }),
    ))

  test("when a page comes as a 200 that holds nothing but errors", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        const body = '{"meta":{},"resources":null,"errors":[{"code":500,"message":"search failed"}]}'
        world.simulator.addFault({ on: "api", path: combined, skip: 2, until_ms: 20_000, do: { status: 200, body } })
        yield* world.startWith(devices)
        yield* world.pass(10_000)
        expect(context(world).most_recent_device_id).toBeUndefined()
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({
          status: "degraded",
          detail: expect.stringContaining("search failed"),
        })
        yield* world.pass(60_000)
        yield* expectAllSent(world)
      }),
    ))

  test("when the cursor has expired because Sekoia was slow", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({
          on: "assets",
          skip: 4,
          count: 5,
          every: 1,
          do: { status: 429, headers: { "retry-after": "45" } },
        })
        yield* world.startWith(devices)
        yield* world.pass(10 * minutes, 1_000)
        yield* expectAllSent(world)
        const expired = world.simulator.state.requests.filter(({ path, status }) => path === combined && status === 400)
        expect(expired.length).toBe(1)
      }),
    ))

  test("when the disk is full for a while", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        yield* world.startWith(devices)
        world.disk.failing = "Unknown"
        yield* world.pass(2 * minutes, 1_000)
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({ status: "failed" })
        world.disk.failing = undefined
        yield* world.pass(2 * minutes, 1_000)
        // What was accepted while nothing could be recorded comes again: one batch for each try.
        yield* expectAllSent(world, 500)
      }),
    ))
})

describe("a process that dies in the middle", () => {
  test("leaves every host to be sent by the next one, which repeats at most the batch in flight", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld(fleet)
        world.simulator.addFault({ on: "assets", skip: 17, do: "accept_then_fail" })
        world.simulator.addFault({ on: "assets", skip: 18, until_ms: 60 * minutes, do: "hang" })
        const first = yield* world.startWith(devices)
        yield* world.pass(3_000)
        expect((yield* account(world)).accepted).toBe(1_800)
        first.interruptUnsafe()
        world.disk.crash()
        world.simulator.removeFaults()
        yield* Fiber.await(first)
        const before = callsTo(world, combined)
        yield* world.startWith(devices)
        yield* world.pass(10_000)
        yield* expectAllSent(world, 100)
        // From the second page on: its first seven batches are known.
        expect(callsTo(world, combined) - before).toBe(4)
      }),
    ))
})

test("health tells of Falcon's first failure, while the try after it is still to come", () =>
  onTestClock(
    Effect.gen(function* () {
      const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 10 })
      world.simulator.addFault({ on: "api", path: combined, until_ms: 5_000, do: { status: 503 } })
      yield* world.startWith(devices)
      yield* world.pass(1_000)
      const { status, detail } = (yield* world.health).plugins["device-assets"]!
      expect(status).toBe("degraded")
      expect(detail).toContain("503")
      yield* world.pass(30_000)
      expect((yield* world.health).plugins["device-assets"]).toMatchObject({ status: "ok" })
    }),
  ))
