import { describe, expect, test } from "bun:test"
import { Clock, Effect, Latch } from "effect"
import { TestClock } from "effect/testing"
import { onTestClock } from "../../../test/support/effect.ts"
import { makeCommits } from "./commits.ts"
import { commits as limits } from "./limits.ts"

const batch_events_max = 100

/** Commits whose stores are written down with their time; a closed `disk` lets none end. */
const setUp = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const stores: [number, number][] = []
  const disk = Latch.makeUnsafe(true)
  const store = (offset: number) =>
    Effect.andThen(
      disk.await,
      Effect.map(Clock.currentTimeMillis, (at_ms) => void stores.push([offset, at_ms])),
    )
  const commits = makeCommits(store, clock, batch_events_max, () => Effect.void)
  yield* Effect.forkChild(commits.run)
  return { ...commits, stores, disk }
})

describe("commits", () => {
  test("of batches that lie further apart than the bound are stored before the next batch is posted", () =>
    onTestClock(
      Effect.gen(function* () {
        const { soon, stores } = yield* setUp
        for (let n = 0; n < 3; n++) {
          yield* soon(n, 1)
          expect(stores.at(-1)).toEqual([n, n * limits.wait_ms_max])
          yield* TestClock.adjust(limits.wait_ms_max)
        }
      }),
    ))

  test("of batches that end shortly after each other share a store, which no later batch puts off", () =>
    onTestClock(
      Effect.gen(function* () {
        const { soon, stores } = yield* setUp
        for (let n = 0; n < 25; n++) {
          yield* soon(n, 1)
          yield* TestClock.adjust(20)
        }
        expect(stores.map(([, at_ms]) => at_ms)).toEqual([0, 100, 200, 300, 400, 500])
        for (const [offset, at_ms] of stores.slice(1)) expect(offset).toBeGreaterThanOrEqual(at_ms / 20 - 1)
      }),
    ))

  test.each([
    ["full ones", batch_events_max, [0, 2, 4, 6]],
    ["halves", batch_events_max / 2, [0, 3, 6]],
    ["small ones", 1, [0]],
  ])("of the fastest batches never leave more than one full batch that is not stored: %s", (_, events, expected) =>
    onTestClock(
      Effect.gen(function* () {
        const { soon, stores } = yield* setUp
        for (let n = 0; n < 7; n++) yield* soon(n, events)
        expect(stores.map(([offset]) => offset)).toEqual(expected)
      }),
    ),
  )

  test("are stored when no more batches come, and when the partition ends", () =>
    onTestClock(
      Effect.gen(function* () {
        const { soon, flush, stores } = yield* setUp
        yield* soon(1, 1)
        yield* soon(2, 1)
        yield* TestClock.adjust(limits.wait_ms_max)
        expect(stores.map(([offset]) => offset)).toEqual([1, 2])
        yield* soon(3, 1)
        yield* flush
        expect(stores.map(([offset]) => offset)).toEqual([1, 2, 3])
        yield* flush
        expect(stores.length).toBe(3)
      }),
    ))

  test("that the disk does not take hold up the next batch: no more is put off meanwhile", () =>
    onTestClock(
      Effect.gen(function* () {
        const { soon, stores, disk } = yield* setUp
        yield* soon(1, 1)
        disk.closeUnsafe()
        yield* soon(2, 1)
        yield* TestClock.adjust(limits.wait_ms_max)
        const held_up = yield* Effect.forkChild(soon(3, 1))
        yield* TestClock.adjust(60_000)
        expect(held_up.pollUnsafe()).toBeUndefined()
        expect(stores.length).toBe(1)
        disk.openUnsafe()
        yield* TestClock.adjust(0)
        expect(held_up.pollUnsafe()).toBeDefined()
        expect(stores.at(-1)![0]).toBe(3)
      }),
    ))

  test("that are put off go along with the store of another partition, and begin a time of their own with it", () =>
    onTestClock(
      Effect.gen(function* () {
        const { soon, stores, passenger } = yield* setUp
        yield* soon(1, 1)
        expect(passenger.begin()).toBe(-1)
        yield* TestClock.adjust(40)
        yield* soon(2, batch_events_max)
        expect(passenger.begin()).toBe(2)
        yield* passenger.end(2, true)
        yield* TestClock.adjust(90)
        yield* soon(3, batch_events_max)
        expect(stores.map(([offset]) => offset)).toEqual([1])
        yield* TestClock.adjust(10)
        expect(stores.map(([offset]) => offset)).toEqual([1, 3])
      }),
    ))

  test("that went along with a store that failed are stored at once, and nothing more is put off", () =>
    onTestClock(
      Effect.gen(function* () {
        const { soon, stores, passenger } = yield* setUp
        yield* soon(1, 1)
        yield* soon(2, 1)
        expect(passenger.begin()).toBe(2)
        yield* passenger.end(2, false)
        yield* soon(3, 1)
        expect(stores.map(([offset]) => offset)).toEqual([1, 3])
      }),
    ))
})
