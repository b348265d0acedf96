/** The delivering half of a partition, with a destination and a store of offsets that do what a test wants. */
import { expect, test } from "bun:test"
import { Effect, Fiber, Layer, Tracer } from "effect"
import { DeadLetters } from "../../src/core/delivery/dead-letters.ts"
import { DeliveryError } from "../../src/core/delivery/destination.ts"
import { Taps } from "../../src/core/delivery/tap.ts"
import { StoreError } from "../../src/core/errors.ts"
import { intake_framing } from "../../src/core/sekoia/intake.ts"
import { Board } from "../../src/core/telemetry/board.ts"
import { Health } from "../../src/core/telemetry/health.ts"
import { Tracing } from "../../src/core/telemetry/tracing/spanned.ts"
import { type Ended, makeTracer } from "../../src/core/telemetry/tracing/tracer.ts"
import { Tenant } from "../../src/core/tenant/identity.ts"
import { config } from "../../src/plugins/event-stream/config.ts"
import { type Pipeline, plugin_id, startPipeline } from "../../src/plugins/event-stream/pipeline.ts"
import { onTestClock } from "../support/effect.ts"
import { makeMemoryDisk } from "../support/memory-disk.ts"
import { pass } from "../support/world.ts"

type Store = (offset: number) => Effect.Effect<void, StoreError>

interface Intake {
  takes: boolean
  /** How long a post waits for its answer. */
  answers_after_ms: number
  refusal: DeliveryError
}

const unauthorized = new DeliveryError({ reason: "401", recovery: "operator", message: "the intake answered 401" })
const timed_out = new DeliveryError({ reason: "unavailable", recovery: "retry", message: "no answer within 30 s" })

interface Tested extends Pick<Pipeline, "broken" | "drain"> {
  /** Brings an event, as a socket does. */
  readonly feed: (offset: number) => void
  readonly intake: Intake
  /** What health says of the plugin. */
  readonly detail: Effect.Effect<string>
}

/** Runs a pipeline that stores its offsets with `store`; `spans` gets what ends. */
const withPipeline = <A>(store: Store, body: (it: Tested) => Effect.Effect<A>, spans: Ended[] = []) => {
  const intake: Intake = { takes: true, answers_after_ms: 0, refusal: unauthorized }
  const tracer = makeTracer({ sampler: "always_on", ratio: 1 }, (span) => spans.push(span))
  const services = Layer.mergeAll(DeadLetters.layer, Health.layer([plugin_id]), Board.layer, Taps.layer).pipe(
    Layer.provideMerge(Layer.succeed(Tenant, { id: "default", data_dir: "data" })),
    Layer.provideMerge(makeMemoryDisk().layer),
  )
  return onTestClock(
    Effect.gen(function* () {
      const health = yield* Health
      yield* health.started(plugin_id)
      const pipeline = yield* startPipeline("http://falcon.test/0", {
        config: config.parse({ destination: "ndjson" }),
        destination: {
          name: "intake",
          framing: intake_framing,
          is_exclusive: false,
          head: Effect.succeed(new TextEncoder().encode('{"jsons":["')),
          post: (_, events) =>
            Effect.andThen(
              Effect.sleep(intake.answers_after_ms),
              Effect.suspend(() => (intake.takes ? Effect.succeed(events) : Effect.fail(intake.refusal))),
            ),
          check: Effect.succeed({ verified: true, detail: "" }),
        },
        enrichers: [],
        offsets: { get: () => -1, roots: () => [], commit: (_, offset) => store(offset) },
        types: undefined,
      })
      pipeline.connectionBegun()
      const feed = (offset: number) =>
        void pipeline.feed(new TextEncoder().encode(`{"metadata":{"offset":${offset}}}\n`), 0)
      const detail = Effect.map(health.report, ({ plugins }) => plugins[plugin_id]!.detail)
      return yield* body({ ...pipeline, feed, intake, detail })
    }).pipe(
      Effect.scoped,
      Effect.provide(services),
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provideService(Tracing, true),
    ),
  )
}

test("a defect in a commit that was put off ends the partition, which can be drained all the same", () => {
  const stored: number[] = []
  const store: Store = (offset) =>
    offset === 1 ? Effect.sync(() => void stored.push(offset)) : Effect.die(new Error("no such store"))
  return withPipeline(store, ({ feed, broken, drain }) =>
    Effect.gen(function* () {
      const ending = yield* Effect.forkChild(Effect.exit(broken))
      feed(1)
      yield* pass(60, 10)
      feed(2)
      yield* pass(30, 10)
      expect(stored).toEqual([1])
      expect(ending.pollUnsafe()).toBeUndefined()
      yield* pass(100, 10)
      expect(String(yield* Fiber.join(ending))).toContain("no such store")
      yield* drain
    }),
  )
})

test("while the disk is full and the intake takes nothing, health says both, and goes on to say what is left", () => {
  const full = Effect.fail(new StoreError({ reason: "unwritable", path: "cache.json", message: "no space left" }))
  let is_full = false
  return withPipeline(
    () => Effect.suspend(() => (is_full ? full : Effect.void)),
    ({ feed, intake, detail }) =>
      Effect.gen(function* () {
        feed(1)
        yield* pass(60, 10)
        feed(2)
        yield* pass(30, 10)
        is_full = true
        intake.takes = false
        feed(3)
        yield* pass(60_000, 1_000)
        const disk = "partition 0, commits: the data folder cannot be written: no space left"
        expect(yield* detail).toContain(disk)
        expect(yield* detail).toContain("partition 0, delivery: intake blocked")
        is_full = false
        for (let s = 0; s < 60 && (yield* detail).includes(disk); s++) yield* pass(1_000, 1_000)
        expect(yield* detail).not.toContain(disk)
        expect(yield* detail).toContain("partition 0, delivery: intake blocked")
      }),
  )
})

test("a post without an answer is told while it still waits, and from then on until one is taken", () =>
  withPipeline(
    () => Effect.void,
    ({ feed, intake, detail }) =>
      Effect.gen(function* () {
        Object.assign(intake, { takes: false, answers_after_ms: 30_000, refusal: timed_out })
        feed(1)
        yield* pass(9_000, 500)
        expect(yield* detail).toBe("")
        yield* pass(1_500, 500)
        expect(yield* detail).toBe("partition 0, delivery: intake: no answer to a post for 10 s")
        yield* pass(19_000, 500)
        expect(yield* detail).toBe("partition 0, delivery: intake: no answer to a post for 29 s")
        intake.answers_after_ms = 5_000
        yield* pass(1_000, 500)
        expect(yield* detail).toBe("partition 0, delivery: intake blocked: no answer within 30 s")
        intake.takes = true
        yield* pass(10_000, 500)
        expect(yield* detail).toBe("")
      }),
  ))

test("the span of a commit is that of its store, also of one that was put off", () => {
  const spans: Ended[] = []
  return withPipeline(
    () => Effect.sleep(10),
    ({ feed }) =>
      Effect.gen(function* () {
        feed(1)
        yield* pass(60, 10)
        feed(2)
        yield* pass(30, 10)
        const batches = spans.filter(({ name }) => name === "batch")
        expect(batches.map(({ attributes }) => attributes.get("akonis.offset_to_commit"))).toEqual([1, 2])
        expect(spans.filter(({ name }) => name === "commit").length).toBe(1)
        yield* pass(100, 10)
        const commits = spans.filter(({ name }) => name === "commit")
        expect(commits.map(({ parent }) => parent._tag)).toEqual(["Some", "None"])
        expect(commits.map(({ status }) => Number(status.endTime - status.startTime) / 1e6)).toEqual([10, 10])
      }),
    spans,
  )
})
