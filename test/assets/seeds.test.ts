/** Runs whose trouble is drawn from a seed: whatever happens, every host arrives, and only a crash may repeat a batch. */
import { describe, expect, test } from "bun:test"
import { Random as Chance, Effect, Fiber } from "effect"
import { Random } from "../../simulator/events/random.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { onTestClock } from "../support/effect.ts"
import { makeWorld } from "../support/world.ts"
import { account, change, context, quiet, yaml } from "./support.ts"

const hosts = 1_500
const batch = 40
const seeds = Array.from({ length: 12 }, (_, index) => index + 1)

type Fault = NonNullable<SimulatorOptions["faults"]>[number]

/** One trouble that passes by itself. `uncertain`: the items may have been taken although the answer was lost. */
const draw = (random: Random): { readonly fault: Fault; readonly uncertain: number } => {
  const count = random.int(1, 7)
  const skip = random.int(0, 30)
  const page = random.int(0, 2)
  return random.pick([
    { fault: { on: "assets", skip, every: 1, count, do: { status: random.pick([500, 502, 503, 429]) } }, uncertain: 0 },
    { fault: { on: "assets", skip, every: 1, count, do: "accept_then_fail" }, uncertain: count },
    { fault: { on: "assets", skip, every: 1, count, do: "reset" }, uncertain: 0 },
    { fault: { on: "assets", skip, count: 1, do: "hang" }, uncertain: 0 },
    { fault: { on: "assets", skip, count: 1, do: { status: 401 } }, uncertain: 0 },
    {
      fault: { on: "api", skip: page, every: 1, count, do: { status: random.pick([401, 429, 500, 503]) } },
      uncertain: 0,
    },
    { fault: { on: "api", skip: page, every: 1, count, do: "reset" }, uncertain: 0 },
    { fault: { on: "api", skip: page, do: { status: 200, body: "<html>" } }, uncertain: 0 },
    { fault: { on: "token", every: 1, count, do: { status: 503 } }, uncertain: 0 },
  ] as const) as { fault: Fault; uncertain: number }
}

describe("an inventory in trouble", () => {
  test.each(seeds)("of seed %d arrives as a whole, and stays current", (seed) =>
    onTestClock(
      Effect.gen(function* () {
        const random = new Random(seed)
        const world = yield* makeWorld({ ...quiet, seed, hosts: 0, fleet: hosts, token_life_s: 400 })
        const start = world.startWith(yaml("device-assets", [`batch_size: ${batch}`]))
        let repeats_max = 0
        let worker = yield* start
        for (let round = 0; round < 5; round++) {
          const { fault, uncertain } = draw(random)
          world.simulator.addFault(fault)
          repeats_max += uncertain * batch
          yield* world.pass(random.int(0, 60_000), 1_000)
          yield* change(world, { fleet: { change: random.int(0, 20), add: random.int(0, 5) } })
          if (!random.chance(0.4)) continue
          worker.interruptUnsafe()
          world.disk.crash()
          yield* Fiber.await(worker)
          repeats_max += batch
          worker = yield* start
        }
        yield* world.pass(75 * 60_000, 15_000)

        const { distinct, repeated, hosts: found } = yield* account(world)
        expect({ seed, missing: found.missing, distinct }).toEqual({ seed, missing: 0, distinct: found.exist })
        expect(repeated).toBeLessThanOrEqual(repeats_max)
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({ status: "ok" })
        expect(context(world).most_recent_device_id).toBeString()
        expect(world.disk.read("data/device-assets.removed.ndjson")).toBeUndefined()
        expect(world.simulator.account().violations).toEqual([])
        // Nothing is left to be said: what Falcon has is what Sekoia has.
        const before = (yield* account(world)).accepted
        world.disk.write("data/context.json", "{}")
        yield* start
        yield* world.pass(5_000)
        expect((yield* account(world)).accepted).toBe(before)
      }).pipe(Chance.withSeed(seed)),
    ),
  )
})
