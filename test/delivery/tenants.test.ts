/** Many tenants in one process: what goes wrong for one is nothing to the others. Turns are counted, on a virtual clock. */
import { expect, test } from "bun:test"
import { Effect, Logger, References } from "effect"
import { makeBatchMemory } from "../../src/core/delivery/batch-memory.ts"
import { onTestClock } from "../support/effect.ts"
import { runEstate } from "../support/estate.ts"

const hangs = { faults: [{ on: "intake", every: 1, do: "hang" }] }

test("a flood gets one post for one of its neighbour's, while both have something to post", () =>
  onTestClock(
    Effect.gen(function* () {
      const { pass, posts, delivered } = yield* runEstate({
        own: [{ events_per_partition: 1_200 }, { events_per_partition: 200 }],
        stream: { batch_events_max: 20 },
      })
      yield* pass(8_000)
      expect([delivered(0), delivered(1)]).toEqual([1_200, 200])
      const first = posts.indexOf("t1")
      const turns = posts.slice(first, posts.lastIndexOf("t1"))
      const longest = Math.max(
        ...turns
          .join("")
          .split("t1")
          .map((flood) => flood.length / "t0".length),
      )
      expect(longest).toBeLessThanOrEqual(2)
    }),
  ))

test("a dead intake, a slow one and a full folder of some tenants change nothing for the others", () =>
  onTestClock(
    Effect.gen(function* () {
      const slow = { faults: [{ on: "intake", every: 1, do: { slow: { delay_ms: 20_000 } } }] }
      const { pass, delivered, health, full } = yield* runEstate({
        own: [hangs, slow, {}, {}],
        all: { events_per_partition: 0, events_per_second: 2 },
      })
      yield* pass(3_000, 500)
      full.add("t2")
      yield* pass(2_000, 500)
      const before = delivered(3)
      yield* pass(20_000, 500)
      expect(delivered(3) - before).toBe(40)
      expect(delivered(0)).toBe(0)
      expect((yield* health(3)).status).toBe("ok")
      expect((yield* health(2)).status).not.toBe("ok")
    }),
  ))

test("tenants that wait for their turn to ask for a token say that they are starting, and start", () =>
  onTestClock(
    Effect.gen(function* () {
      const own = Array.from({ length: 40 }, () => ({}))
      const { pass, health } = yield* runEstate({ own, all: { events_per_partition: 0 } })
      yield* pass(5_000)
      expect((yield* health(0)).status).toBe("ok")
      expect((yield* health(39)).detail).toContain("starting: waits for its turn at the token endpoint")
      yield* pass(6_000, 500)
      expect((yield* health(39)).status).toBe("ok")
    }),
  ))

test("while no intake takes anything, all tenants together hold no more than the process may, and each has its part", () =>
  onTestClock(
    Effect.gen(function* () {
      const bytes_max = 3 * 1024 * 1024
      const { pass, estate } = yield* runEstate({
        own: [{ partitions: 4 }, { partitions: 1 }].map((own) => ({ ...own, ...hangs })),
        all: { events_per_partition: 4_000 },
        memory: makeBatchMemory(bytes_max),
      })
      yield* pass(4_000)
      const sent = [...estate.below.values()].map((child) => {
        const { partitions } = child.account()
        return Object.entries(partitions).map(([partition, { sent: events }]) => {
          const tape = child.tapes.get(Number(partition))!
          return Array.from({ length: events }, (_, i) => tape.bytes(i).length).reduce((sum, bytes) => sum + bytes, 0)
        })
      })
      const chunk = 256 * 1024
      for (const partitions of sent) {
        const part = bytes_max / 2 / partitions.length
        for (const bytes of partitions) expect(bytes).toBeGreaterThan(part / 2)
      }
      // Twice the bound at worst, and of each partition the chunk that is read and not taken yet.
      const all = sent.flat()
      expect(all.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(2 * bytes_max + all.length * chunk)
    }),
  ))

test("whatever logs in the name of a tenant names it, the start of its client included", () => {
  const lines: string[] = []
  const logger = Logger.make(({ fiber, message }) => {
    lines.push(`${String(fiber.getRef(References.CurrentLogAnnotations).tenant)}: ${String(message)}`)
  })
  const own = [{}, { faults: [{ on: "list", every: 1, do: { status: 500 } }] }]
  return onTestClock(
    Effect.gen(function* () {
      const { pass } = yield* runEstate({ own, all: { events_per_partition: 1 } })
      yield* pass(5_000, 500)
      expect(lines).toContain("t0: 1 partition found")
      expect(lines.filter((line) => line.startsWith("t1: streams cannot be listed")).length).toBeGreaterThan(0)
      expect(lines.filter((line) => line.startsWith("undefined: "))).toEqual([])
    }).pipe(Effect.provide(Logger.layer([logger]))),
  )
})
