import { describe, expect, test } from "bun:test"
import { Effect, Fiber, Logger } from "effect"
import { TestClock } from "effect/testing"
import { intake_framing } from "../sekoia/intake.ts"
import { makeDeliverer } from "./deliverer.ts"
import { DeliveryError } from "./destination.ts"
import { Handoff } from "./handoff.ts"
import { Batch } from "./lines/batch.ts"
import { Standing } from "./standing.ts"

/** Events are numbers, their own text. */
const batchOf = (events: readonly number[]): Batch => {
  const { head_bytes_max, separator, tail } = intake_framing
  const buffer = new Uint8Array(head_bytes_max + 16 * events.length + tail.length)
  const ends: number[] = []
  let at = head_bytes_max
  for (const event of events) {
    if (at > head_bytes_max) {
      buffer.set(separator, at)
      at += separator.length
    }
    const text = new TextEncoder().encode(String(event))
    buffer.set(text, at)
    at += text.length
    ends.push(at)
  }
  return new Batch(intake_framing, buffer, ends, events, [], events.at(-1) ?? -1, -1, at - head_bytes_max)
}

const upTo = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n)

type Said = "takes" | "refuses" | "is a proxy" | { readonly acknowledges: number }

/** A deliverer before an intake that answers as `answer` says, given the events of a post. */
const stand = (answer: (events: readonly number[]) => Said) => {
  const posts: (readonly number[])[] = []
  const taken: number[] = []
  const recorded: number[] = []
  const told: string[] = []
  let unacknowledged = 0
  const handoff = new Handoff(1)
  const post = (body: Uint8Array, count: number) =>
    Effect.suspend(() => {
      const { jsons } = JSON.parse(new TextDecoder().decode(body)) as { readonly jsons: readonly string[] }
      const events = jsons.map(Number)
      expect(events.length).toBe(count)
      posts.push(events)
      const said = answer(events)
      if (said === "takes" || typeof said === "object") {
        taken.push(...events)
        return Effect.succeed(said === "takes" ? count : said.acknowledges)
      }
      const own = said === "refuses"
      return Effect.fail(
        new DeliveryError({
          reason: own ? "refused" : "not_an_intake",
          recovery: own ? "bisect" : "retry",
          config_keys: own ? [] : ["plugins.event-stream.intake_url"],
          message: "the intake answered 400",
        }),
      )
    })
  const deliverer = makeDeliverer({
    destination: {
      name: "intake",
      framing: intake_framing,
      is_exclusive: false,
      head: Effect.succeed(new TextEncoder().encode('{"jsons":["')),
      post,
      check: Effect.succeed({ verified: true, detail: "" }),
    },
    dead_letters: {
      add: (_, rejects) => Effect.sync(() => void recorded.push(...rejects.map(({ offset }) => offset))),
    },
    partition: "p",
    standing: new Standing(),
    health: {
      set: (status, detail) => Effect.sync(() => void told.push(`${status} ${detail}`)),
      describe: () => undefined,
    },
    observer: {
      onPosted: () => Effect.void,
      onRetry: () => Effect.void,
      onDeadLetter: () => Effect.void,
      onUnacknowledged: (count) =>
        Effect.sync(() => {
          unacknowledged += count
        }),
    },
    ahead: handoff,
  })
  return { deliverer, handoff, posts, taken, recorded, told, health: () => told.at(-1), lost: () => unacknowledged }
}

const run = (body: Effect.Effect<void>) =>
  Effect.runPromise(body.pipe(Effect.provide([TestClock.layer(), Logger.layer([])])))

const pass = (ms: number) =>
  Effect.gen(function* () {
    for (let left = ms; left > 0; left -= 500) yield* TestClock.adjust(500)
  })

/** Delivers in the background for so long; whether it came to its end. */
const deliverFor = Effect.fnUntraced(function* (delivering: Effect.Effect<void>, ms: number) {
  const fiber = yield* Effect.forkDetach(delivering, { startImmediately: true })
  yield* pass(ms)
  const done = fiber.pollUnsafe() !== undefined
  yield* Fiber.interrupt(fiber)
  return done
})

describe("An event that the intake refuses among good ones", () => {
  test("goes alone to the dead letters, and all others are delivered once and in order", () =>
    run(
      Effect.gen(function* () {
        const poison = new Set([17, 63])
        const { deliverer, taken, recorded } = stand((events) =>
          events.some((n) => poison.has(n)) ? "refuses" : "takes",
        )
        yield* deliverer.deliver(batchOf(upTo(0, 100)))
        expect(recorded).toEqual([17, 63])
        expect(taken).toEqual(upTo(0, 100).filter((n) => !poison.has(n)))
      }),
    ))

  test("waits at the end of a batch until the intake has taken another one", () =>
    run(
      Effect.gen(function* () {
        const { deliverer, handoff, taken, recorded, health } = stand((events) =>
          events.includes(9) ? "refuses" : "takes",
        )
        const fiber = yield* Effect.forkDetach(deliverer.deliver(batchOf(upTo(0, 10))), { startImmediately: true })
        yield* pass(60_000)
        expect(recorded).toEqual([])
        expect(health()).toContain("failed")
        handoff.put(batchOf([10, 11]))
        yield* pass(120_000)
        expect(fiber.pollUnsafe()).toBeDefined()
        expect(recorded).toEqual([9])
        yield* Effect.forkDetach(handoff.drainTo(deliverer.deliver), { startImmediately: true })
        yield* pass(1_000)
        expect([...taken].sort((a, b) => a - b)).toEqual([...upTo(0, 9), 10, 11])
      }),
    ))
})

describe("A run of events that the intake refuses", () => {
  for (const length of [6, 40, 400, 999]) {
    test(`of ${length} does not block for good, and costs no good event`, () =>
      run(
        Effect.gen(function* () {
          const { deliverer, handoff, taken, recorded } = stand((events) =>
            events.some((n) => n < length) ? "refuses" : "takes",
          )
          handoff.put(batchOf(upTo(0, 1_000)))
          handoff.put(batchOf(upTo(1_000, 1_100)))
          handoff.end()
          expect(yield* deliverFor(handoff.drainTo(deliverer.deliver), 20 * 60_000)).toBe(true)
          expect([...recorded].sort((a, b) => a - b)).toEqual(upTo(0, length))
          expect([...taken].sort((a, b) => a - b)).toEqual(upTo(length, 1_100))
        }),
      ))
  }

  test("that is longer than all open and waiting batches passes once the intake was seen to take an event", () =>
    run(
      Effect.gen(function* () {
        const { deliverer, handoff, recorded, taken } = stand((events) =>
          events.some((n) => n > 0) ? "refuses" : "takes",
        )
        yield* deliverer.deliver(batchOf([0]))
        handoff.put(batchOf(upTo(6, 1_006)))
        expect(yield* deliverFor(deliverer.deliver(batchOf(upTo(1, 6))), 60 * 60_000)).toBe(true)
        expect(recorded).toEqual(upTo(1, 6))
        expect(taken).toEqual([0, 0])
      }),
    ))

  test("in batches of one event passes in a few minutes an event, for what was refused as a probe is known", () =>
    run(
      Effect.gen(function* () {
        const { deliverer, handoff, recorded } = stand((events) => (events.some((n) => n > 0) ? "refuses" : "takes"))
        yield* deliverer.deliver(batchOf([0]))
        for (const n of upTo(1, 13)) handoff.put(batchOf([n]))
        handoff.end()
        expect(yield* deliverFor(handoff.drainTo(deliverer.deliver), 60 * 60_000)).toBe(true)
        expect(recorded).toEqual(upTo(1, 13))
      }),
    ))
})

describe("An intake that refuses everything for a while", () => {
  for (const [name, said] of [
    ["in its own words", "refuses"],
    ["with the page of a proxy", "is a proxy"],
  ] as const) {
    test(`${name} costs no event, is told as failed, and is asked now and then`, () =>
      run(
        Effect.gen(function* () {
          let down = true
          const { deliverer, taken, recorded, posts, health } = stand(() => (down ? said : "takes"))
          const fiber = yield* Effect.forkDetach(deliverer.deliver(batchOf(upTo(0, 1_000))), { startImmediately: true })
          yield* pass(30 * 60_000)
          expect(posts.length).toBeLessThan(80)
          expect(health()).toContain("failed intake blocked: the intake answered 400")
          down = false
          yield* pass(3 * 60_000)
          expect(fiber.pollUnsafe()).toBeDefined()
          expect(recorded).toEqual([])
          expect([...taken].sort((a, b) => a - b)).toEqual(upTo(0, 1_000))
          expect(health()).toBe("ok ")
        }),
      ))
  }

  test("does not make dead letters of a batch of one event", () =>
    run(
      Effect.gen(function* () {
        const { deliverer, recorded } = stand(() => "refuses")
        expect(yield* deliverFor(deliverer.deliver(batchOf([1])), 3 * 60 * 60_000)).toBe(false)
        expect(recorded).toEqual([])
      }),
    ))
})

describe("An intake that acknowledges fewer events than it was sent", () => {
  test("is believed, as Sekoia's own client does; health and a count say so", () =>
    run(
      Effect.gen(function* () {
        const { deliverer, posts, told, lost } = stand(() => ({ acknowledges: 3 }))
        yield* deliverer.deliver(batchOf(upTo(0, 5)))
        expect(posts.length).toBe(1)
        expect(lost()).toBe(2)
        expect(told).toEqual(["degraded the intake took 5 events and acknowledged 3 of them"])
      }),
    ))
})
