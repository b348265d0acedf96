import { describe, expect, test } from "bun:test"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { onTestClock } from "../../../test/support/effect.ts"
import { intake_framing } from "../sekoia/intake.ts"
import { Health } from "../telemetry/health.ts"
import { CommitWindow } from "./commit-window.ts"
import { type Enricher, NotEnriched, SourceEventFinder } from "./enricher.ts"
import { startEnrichmentWorkers } from "./enrichment-workers.ts"
import { enrichment_queue as limits } from "./limits.ts"
import type { Batch, Reject } from "./lines/batch.ts"
import { BatchBuilder } from "./lines/batch-builder.ts"

const line = (type: string, offset: number) =>
  `{"metadata":{"offset":${offset},"eventType":"${type}"},"event":{"n":${offset}}}\n`

const enricher = (more: Partial<Enricher>): Enricher => ({
  plugin_id: "test",
  event_types: ["Seen"],
  fields: ["n"],
  refOf: (event) => JSON.stringify(event),
  enrich: () => Effect.succeed([]),
  ...more,
})

const batchOf = (lines: string, enricher: Enricher): Batch => {
  const bounds = {
    batch_events_max: 100,
    batch_bytes_max: 1e6,
    event_chars_max: 1e5,
    line_bytes_max: 1e6,
    recent_offsets_max: 10,
  }
  const builder = new BatchBuilder(intake_framing, bounds, -1, new SourceEventFinder([enricher]))
  builder.feed(new TextEncoder().encode(lines), 0, 0)
  return builder.take()
}

/** Workers that tell what they post, record and commit. */
const makeScene = Effect.gen(function* () {
  const posted: string[] = []
  const recorded: Reject[] = []
  const commits: number[] = []
  const window = new CommitWindow()
  /** What writing a dead letter takes. */
  const disk: { write: Effect.Effect<void> } = { write: Effect.void }
  const health = yield* Health
  const workers = yield* startEnrichmentWorkers({
    framing: intake_framing,
    partition: "https://falcon.test/0",
    label: "0",
    window,
    deliverer: {
      deliver: (batch) =>
        Effect.sync(() => {
          for (let i = 0; i < batch.count; i++) posted.push(new TextDecoder().decode(batch.raw(i)))
        }),
    },
    dead_letters: {
      add: (_, rejects) =>
        Effect.andThen(
          Effect.suspend(() => disk.write),
          Effect.sync(() => void recorded.push(...rejects)),
        ),
    },
    health: yield* health.cell("test", "enrichment"),
    commit: (offset) => Effect.sync(() => void commits.push(offset)),
  })
  /** What a partition does with a batch that the intake takes at once. */
  const deliver = Effect.fnUntraced(function* (batch: Batch) {
    const range = window.open(batch.last_offset, batch.count)
    workers.hold(batch.source_events, range)
    yield* workers.begin(batch.source_events, range)
    const offset = window.release(range)
    if (offset >= 0) commits.push(offset)
  })
  return { posted, recorded, commits, disk, deliver, workers }
}).pipe(Effect.provide(Health.layer(["test"])))

const others = (first: number): Batch =>
  batchOf(Array.from({ length: 100 }, (_, i) => line("Other", first + i)).join(""), enricher({}))

describe("what an enricher finds", () => {
  test("is posted, and only then is the event's offset free; events of other types are never looked at", () =>
    onTestClock(
      Effect.gen(function* () {
        const scene = yield* makeScene
        const looked: unknown[] = []
        const refOf = (event: unknown) => {
          looked.push(event)
          return "{}"
        }
        const enrich = () => Effect.as(Effect.sleep("1 minute"), ['{"a":1}', '{"b":"\\"é"}'])
        yield* scene.deliver(
          batchOf(line("Other", 1) + line("Seen", 2) + line("Seenn", 3), enricher({ refOf, enrich })),
        )
        expect(looked).toEqual([{ metadata: { eventType: "Seen" }, event: { n: 2 } }])
        yield* TestClock.adjust("59 seconds")
        expect(scene).toMatchObject({ posted: [], commits: [] })
        yield* TestClock.adjust("1 second")
        expect(scene).toMatchObject({ posted: ['{"a":1}', '{"b":"\\"é"}'], commits: [3], recorded: [] })
      }),
    ))

  test.each([
    ["its enricher finds nothing", { enrich: () => new NotEnriched({ message: "no such thing" }) }, "no such thing"],
    ["its enricher breaks", { enrich: () => Effect.die(new Error("oops")) }, "oops"],
  ])("is dead-lettered when %s, and frees the offset", (_, broken, why) =>
    onTestClock(
      Effect.gen(function* () {
        const scene = yield* makeScene
        yield* scene.deliver(batchOf(line("Seen", 7), enricher(broken)))
        yield* TestClock.adjust(1)
        expect(scene.commits).toEqual([7])
        expect(scene.recorded).toMatchObject([{ reason: "not_enriched", offset: 7, enricher: "test" }])
        expect(scene.recorded[0]!.detail).toContain(why)
      }),
    ),
  )

  test("is dead-lettered with the whole event when its enricher cannot even read it, and never asked to enrich it", () =>
    onTestClock(
      Effect.gen(function* () {
        const scene = yield* makeScene
        const refOf = () => {
          throw new Error("cannot read")
        }
        yield* scene.deliver(batchOf(line("Seen", 7), enricher({ refOf, enrich: () => Effect.succeed(['{"no":1}']) })))
        yield* TestClock.adjust(1)
        expect(scene).toMatchObject({ posted: [], commits: [7] })
        const [letter] = scene.recorded
        expect(new TextDecoder().decode(letter!.raw)).toBe(line("Seen", 7).trimEnd())
        expect(letter).toMatchObject({ reason: "not_enriched", detail: expect.stringContaining("cannot read") })
        expect(letter!.enricher).toBeUndefined()
      }),
    ))

  test("may wait in any number, so many at once; what is dead-lettered never starts", () =>
    onTestClock(
      Effect.gen(function* () {
        const scene = yield* makeScene
        let running = 0
        const enrich = () =>
          Effect.andThen(
            Effect.sync(() => void running++),
            Effect.never,
          )
        const lines = Array.from({ length: 100 }, (_, i) => line("Seen", i)).join("")
        yield* scene.deliver(batchOf(lines, enricher({ enrich })))
        yield* TestClock.adjust(1)
        expect(running).toBe(limits.concurrency_max)
        const closing = yield* Effect.forkChild(scene.workers.close)
        yield* TestClock.adjust(limits.drain_ms_max)
        yield* Fiber.join(closing)
        expect(running).toBe(limits.concurrency_max)
        expect(scene.recorded.length).toBe(100)
        expect(scene.commits).toEqual([99])
      }),
    ))

  test("is dead-lettered, oldest first, when more newer events wait than may come again after a crash", () =>
    onTestClock(
      Effect.gen(function* () {
        const scene = yield* makeScene
        const slow = enricher({ enrich: () => Effect.never })
        for (let batch = 0; batch <= limits.events_behind_max / 100; batch++) {
          const other = Array.from({ length: 99 }, (_, i) => line("Other", batch * 100 + i + 1)).join("")
          yield* scene.deliver(batchOf(line("Seen", batch * 100) + other, slow))
        }
        expect(scene.recorded.map(({ offset }) => offset)).toEqual([0])
        expect(scene.commits.at(-1)).toBe(99)
      }),
    ))

  test("holds up the next batch on a full disk, once more newer events wait than may come again after a crash", () =>
    onTestClock(
      Effect.gen(function* () {
        const scene = yield* makeScene
        scene.disk.write = Effect.sleep("1 hour")
        const broken = enricher({ enrich: () => new NotEnriched({ message: "no such thing" }) })
        yield* scene.deliver(batchOf(line("Seen", 0), broken))
        yield* TestClock.adjust(1)
        for (let batch = 1; batch < limits.events_behind_max / 100; batch++) yield* scene.deliver(others(batch * 100))
        const held = yield* Effect.forkChild(scene.deliver(others(limits.events_behind_max)))
        yield* TestClock.adjust("59 minutes")
        expect(held.pollUnsafe()).toBeUndefined()
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(held)
        expect(scene.recorded.map(({ offset }) => offset)).toEqual([0])
      }),
    ))
})
