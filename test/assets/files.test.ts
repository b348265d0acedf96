/** Files of an inventory that cannot be read are a matter of that inventory alone. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { onTestClock } from "../support/effect.ts"
import { makeWorld } from "../support/world.ts"
import { account, yaml } from "./support.ts"

const both = yaml("device-assets").replace("only: [device-assets]", "only: [event-stream, device-assets]")

describe("while the inventory's file is damaged", () => {
  test.each([
    ["context.json", "{ not json", "delete it to read the inventories from the beginning"],
    ["context.json", "[]", "delete it to read the inventories from the beginning"],
  ])("events go on, and health names file and remedy, until it is repaired: %s %s", (file, content, remedy) =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ events_per_partition: 300, alerts: 0, hosts: 0, fleet: 40 })
        world.disk.write(`data/${file}`, content)
        const worker = yield* world.startWith(both)
        yield* world.pass(30_000)
        expect(worker.pollUnsafe()).toBeUndefined()
        expect(world.simulator.account().total).toMatchObject({ undelivered: { events: 0 } })
        const { ready, plugins } = yield* world.health
        expect(ready).toBe(true)
        expect(plugins["event-stream"]).toMatchObject({ status: "ok" })
        expect(plugins["device-assets"]).toMatchObject({ status: "failed" })
        expect(plugins["device-assets"]!.detail).toContain(remedy)
        expect(yield* account(world)).toMatchObject({ accepted: 0 })
        expect(world.disk.read(`data/${file}`)).toBe(content)
        world.disk.write(`data/${file}`, "{}")
        yield* world.pass(90_000)
        expect(yield* account(world)).toMatchObject({ accepted: 40, repeated: 0 })
        expect((yield* world.health).plugins["device-assets"]).toMatchObject({ status: "ok" })
      }),
    ),
  )
})

test("lines of the known assets that are damaged cost their assets one more sending, and nothing else", () =>
  onTestClock(
    Effect.gen(function* () {
      const world = yield* makeWorld({ events_per_partition: 0, alerts: 0, hosts: 0, fleet: 40 })
      yield* world.startWith(yaml("device-assets"))
      yield* world.pass(5_000)
      const lines = world.disk.read("data/device-assets.known")!.trim().split("\n")
      const damaged = [
        ...lines.slice(0, 30),
        `${"0".repeat(200_000)}`,
        "%zz",
        "0123456789abcdef %",
        ...lines.slice(33, 39),
      ]
      // Two were cut within their ids, by an error of the disk and by a crash: what is left of them is no host, and none that is gone.
      damaged.push(`${lines[39]!.slice(0, -8)} `, lines[38]!)
      world.disk.write("data/device-assets.known", damaged.join("\n").slice(0, -8))
      yield* world.startWith(yaml("device-assets"))
      yield* world.pass(70 * 60_000, 10_000)
      expect(yield* account(world)).toMatchObject({ accepted: 44, repeated: 4, hosts: { missing: 0 } })
      expect(world.disk.read("data/device-assets.removed.ndjson")).toBeUndefined()
      expect((yield* world.health).plugins["device-assets"]).toMatchObject({ status: "ok" })
    }),
  ))
