import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { makeHostsOfTheHour } from "../../src/core/actions/guards-hour.ts"
import { makeMemoryDisk } from "../support/memory-disk.ts"

const hour_ms = 3_600_000
const longer_ms = hour_ms + 60_001

/** A run of hosts, each written in upper or lower case, by one of two processes; and how long nothing happens before it. */
const run = fc.record({
  process: fc.nat(1),
  hosts: fc.array(fc.tuple(fc.nat(14), fc.boolean()), { minLength: 1, maxLength: 6 }),
  wait_ms: fc.constantFrom(0, 1, 30_000, 59_000, 600_000, 2_000_000),
  at_once: fc.boolean(),
})

const idOf = ([host, upper]: readonly [number, boolean]) => {
  const id = `a${host.toString(16).padStart(31, "0")}`
  return upper ? id.toUpperCase() : id
}

const withClock = <A, E>(body: Effect.Effect<A, E>) =>
  Effect.runPromise(body.pipe(Effect.provide(TestClock.layer())) as Effect.Effect<A, E>)

const onDisk = (disk = makeMemoryDisk()) => ({
  disk,
  open: (max: number) => makeHostsOfTheHour("data", max).pipe(Effect.provide(disk.layer)),
})

/** A disk on which everybody else may do something before every call. */
const slowDisk = () => makeMemoryDisk((_method, _path, call) => Effect.andThen(Effect.yieldNow, call))

describe("the hosts of an hour", () => {
  test("never exceed the cap, whatever the order, the case of ids, the concurrency, or who else counts", () =>
    fc.assert(
      fc.asyncProperty(fc.array(run, { maxLength: 25 }), fc.integer({ min: 1, max: 8 }), (runs, max) =>
        withClock(
          Effect.gen(function* () {
            yield* TestClock.setTime(Date.UTC(2026, 0, 15))
            const { open } = onDisk(slowDisk())
            const processes = [yield* open(max), yield* open(max)] as const
            const passed: { at_ms: number; ids: readonly string[] }[] = []
            let now_ms = 0
            const reserve = ({ process, hosts }: (typeof runs)[number]) =>
              Effect.gen(function* () {
                const ids = hosts.map(idOf)
                const at_ms = now_ms
                const counted = yield* processes[process as 0 | 1].reserve(ids)
                if (counted === undefined) passed.push({ at_ms, ids: ids.map((id) => id.toLowerCase()) })
              })
            for (let at = 0; at < runs.length; ) {
              yield* TestClock.adjust(runs[at]!.wait_ms)
              now_ms += runs[at]!.wait_ms
              const group = [runs[at++]!]
              while (at < runs.length && runs[at]!.at_once) group.push(runs[at++]!)
              yield* Effect.all(group.map(reserve), { concurrency: "unbounded" })
            }
            for (const { at_ms } of passed) {
              const within = passed.filter((one) => one.at_ms > at_ms - hour_ms && one.at_ms <= at_ms)
              expect(new Set(within.flatMap(({ ids }) => ids)).size).toBeLessThanOrEqual(max)
            }
          }),
        ),
      ),
      { numRuns: 150, seed: 20_260_115 },
    ))

  test("are counted once however often they come, and again after the hour", () =>
    withClock(
      Effect.gen(function* () {
        const hosts = yield* onDisk().open(2)
        expect(yield* hosts.reserve(["a", "A", "b"])).toBeUndefined()
        expect(yield* hosts.reserve(["B"])).toBeUndefined()
        expect(yield* hosts.reserve(["b", "c"])).toBe(2)
        expect(yield* hosts.with(["c"])).toBe(3)
        yield* TestClock.adjust(longer_ms)
        expect(yield* hosts.reserve(["c", "d"])).toBeUndefined()
      }),
    ))

  test("are known after a restart, however the wall clock was set back before it", () =>
    withClock(
      Effect.gen(function* () {
        yield* TestClock.setTime(Date.UTC(2026, 0, 15))
        const { disk, open } = onDisk()
        expect(yield* (yield* open(2)).reserve(["a", "b"])).toBeUndefined()
        disk.crash()
        const later = yield* open(2)
        expect(yield* later.reserve(["c"])).toBe(2)
        expect(yield* later.reserve(["b"])).toBeUndefined()
      }),
    ))

  test("that a refused run took back do not stand in the way of a smaller one", () =>
    withClock(
      Effect.gen(function* () {
        const hosts = yield* onDisk().open(3)
        expect(yield* hosts.reserve(["a", "b", "c", "d"])).toBe(0)
        expect(yield* hosts.reserve(["a", "b", "c"])).toBeUndefined()
      }),
    ))

  test("of runs of two processes at once count only where the run passed", () =>
    withClock(
      Effect.gen(function* () {
        const { open } = onDisk(slowDisk())
        const [one, other] = [yield* open(3), yield* open(3)]
        const runs = [one.reserve(["a", "b"]), other.reserve(["c", "d"])]
        const refused = (yield* Effect.all(runs, { concurrency: "unbounded" })).filter((why) => why !== undefined)
        expect(refused.length).toBeGreaterThan(0)
        expect(yield* one.with([])).toBe(4 - 2 * refused.length)
      }),
    ))

  test("cannot be counted on a full disk: then nothing passes", () =>
    withClock(
      Effect.gen(function* () {
        const { disk, open } = onDisk()
        const hosts = yield* open(3)
        disk.failing = "WriteZero"
        expect(yield* Effect.flip(hosts.reserve(["a"]))).toMatchObject({ _tag: "StoreError" })
      }),
    ))

  test("leave no file of hours that are over", () =>
    withClock(
      Effect.gen(function* () {
        const { disk, open } = onDisk()
        const hosts = yield* open(3)
        yield* hosts.reserve(["a"])
        yield* TestClock.adjust(10 * hour_ms)
        yield* hosts.reserve(["b"])
        expect(disk.read("data/guards/0.ndjson")).toBeUndefined()
        expect(disk.read("data/guards/10.ndjson")).toContain('"b"')
      }),
    ))
})
