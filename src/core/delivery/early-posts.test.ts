import { describe, expect, test } from "bun:test"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { onTestClock } from "../../../test/support/effect.ts"
import { intake_framing } from "../sekoia/intake.ts"
import { makeEarlyPosts } from "./early-posts.ts"
import { Handoff } from "./handoff.ts"
import { boundsOf } from "./lines/batch.ts"
import { BatchBuilder } from "./lines/batch-builder.ts"

const post_ms = 20
const encoder = new TextEncoder()

interface Run {
  /** Between two events. */
  readonly every_ms: number
  readonly events: number
  readonly partitions?: number
  /** How long the intake takes for a post; a list is gone through again and again. */
  readonly post_ms?: number | readonly number[]
}

/** Feeds events one by one; tells when each post began, and how long each event waited for the end of its post. */
const run = ({ every_ms, events, partitions = 1, post_ms: takes_ms = post_ms }: Run) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const builder = new BatchBuilder(intake_framing, boundsOf(intake_framing), -1)
    const handoff = new Handoff(1)
    const early = makeEarlyPosts({ builder, handoff, clock, batch_wait_ms_max: 1_000, partitions: () => partitions })
    const posts: number[] = []
    const waits: number[] = []
    const send = (batch: { readonly offsets: readonly number[] }) =>
      Effect.gen(function* () {
        posts.push(yield* Clock.currentTimeMillis)
        yield* Effect.sleep(typeof takes_ms === "number" ? takes_ms : takes_ms[(posts.length - 1) % takes_ms.length]!)
        const now_ms = yield* Clock.currentTimeMillis
        for (const offset of batch.offsets) waits.push(now_ms - offset * every_ms)
      })
    yield* Effect.forkChild(handoff.drainTo(send, early.look))
    yield* Effect.forkChild(early.linger)
    yield* TestClock.adjust(0)
    for (let offset = 0; offset < events; offset++) {
      const line = `{"metadata":{"offset":${offset}}}\n`
      builder.feed(encoder.encode(line), 0, clock.currentTimeMillisUnsafe())
      early.look()
      yield* TestClock.adjust(every_ms)
    }
    yield* TestClock.adjust(2_000)
    return { posts, waits }
  })

describe("while few events come", () => {
  test("one goes at once when nothing is under way", () =>
    onTestClock(
      Effect.gen(function* () {
        const { posts, waits } = yield* run({ every_ms: 1_000, events: 5 })
        expect(posts).toEqual([0, 1_000, 2_000, 3_000, 4_000])
        expect(waits).toEqual(Array(5).fill(post_ms))
      }),
    ))

  test("a partition posts twenty times a second at most, and none waits for a full batch", () =>
    onTestClock(
      Effect.gen(function* () {
        const { posts, waits } = yield* run({ every_ms: 10, events: 200 })
        expect(posts.length).toBeLessThanOrEqual(2 * 20 + 1)
        expect(waits.length).toBe(200)
        expect(Math.max(...waits)).toBeLessThanOrEqual(50 + post_ms)
      }),
    ))

  test("the next batch goes when the one before it is taken, however long that takes", () =>
    onTestClock(
      Effect.gen(function* () {
        const { posts } = yield* run({ every_ms: 10, events: 100, post_ms: 130 })
        expect(posts).toEqual(Array.from({ length: posts.length }, (_, n) => n * 130))
      }),
    ))

  test("an event that comes behind a slow post waits for a pause at most once the next one is taken", () =>
    onTestClock(
      Effect.gen(function* () {
        const { posts } = yield* run({ every_ms: 10, events: 8, post_ms: [55, 5] })
        expect(posts).toEqual([0, 55, 105])
      }),
    ))

  test("many partitions together do not post for every event: each waits longer, up to its batch's wait", () =>
    onTestClock(
      Effect.gen(function* () {
        const { posts } = yield* run({ every_ms: 10, events: 200, partitions: 1_000 })
        expect(posts.length).toBeLessThanOrEqual(5)
      }),
    ))
})
