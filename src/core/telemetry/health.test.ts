import { expect, test } from "bun:test"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { texts } from "../limits.ts"
import { Health } from "./health.ts"
import { hideInLogs } from "./redact.ts"

/** What health says of a plugin whose loops have failed with these texts. */
const detailOf = (failures: readonly string[], part: (i: number) => string = (i) => `partition ${i}`) =>
  Effect.gen(function* () {
    const health = yield* Health
    for (const [i, text] of failures.entries()) yield* (yield* health.cell("streams", part(i))).set("failed", text)
    return (yield* health.report).plugins.streams!.detail
  }).pipe(Effect.scoped, Effect.provide(Health.layer(["streams"])), Effect.runPromise)

test("health holds a bounded part of what a server says, on one line", async () => {
  const detail = await detailOf([`Falcon says:\n${"\u001b[31mword ".repeat(1_000_000)}`], (i) =>
    "x".repeat(100_000 + i),
  )
  expect(detail).toContain("Falcon says: \ufffdword")
  expect(detail.length).toBeLessThanOrEqual(texts.cell_chars_max + texts.part_chars_max + 2)
})

test("health of a thousand failures is bounded, and says how many it left out", async () => {
  const detail = await detailOf(Array.from({ length: 1_000 }, () => "no answer ".repeat(100)))
  expect(detail.length).toBeLessThan(texts.health_chars_max + 20)
  expect(detail).toMatch(/; and 99[0-9] more$/)
})

test("health shows no piece of a secret, wherever its text is cut", async () => {
  const secret = "health-key-of-24-letters"
  hideInLogs(secret)
  for (let before = texts.cell_chars_max - 40; before < texts.cell_chars_max + 10; before++) {
    const detail = await detailOf([".".repeat(before) + secret.repeat(3)])
    expect(detail.replaceAll("<redacted>", "")).not.toMatch(/health|key-of|letters/)
  }
})

/** Moves the clock by a second, then does what it is given. */
const later = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.andThen(TestClock.adjust(1_000), effect)

test("since is when the plugin began to be as it is, whichever loop says so, and whenever somebody looks", () =>
  Effect.gen(function* () {
    const health = yield* Health
    const streams = Effect.map(health.report, ({ plugins }) => {
      const { status, since } = plugins.streams!
      return `${status} ${Date.parse(since) / 1_000}`
    })
    expect(yield* later(streams)).toBe("degraded 0")
    yield* later(health.started("streams"))
    const one = yield* health.cell("streams", "one")
    const other = yield* health.cell("streams", "other")
    expect(yield* later(streams)).toBe("ok 2")
    yield* later(one.set("degraded", "first"))
    yield* later(other.set("degraded", "second"))
    yield* later(one.set("ok", ""))
    expect(yield* later(streams)).toBe("degraded 4")
    yield* later(other.set("ok", ""))
    expect(yield* later(streams)).toBe("ok 8")
    yield* Effect.scoped(Effect.flatMap(health.cell("streams", "gone"), (cell) => later(cell.set("failed", "it"))))
    expect(yield* later(streams)).toBe("ok 10")
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.provideMerge(Health.layer(["streams"]), TestClock.layer())),
    Effect.runPromise,
  ))

test("a hundred partitions that come up are each asked a few times how they are, not once for each of the others", () =>
  Effect.gen(function* () {
    const health = yield* Health
    const cells = yield* Effect.forEach(Array.from({ length: 100 }), (_, i) => health.cell("streams", `${i}`))
    let asked = 0
    for (const cell of cells)
      cell.describe(() => {
        asked++
        return { status: "ok", detail: "" }
      })
    for (const cell of cells) yield* cell.set("degraded", "connecting")
    for (const cell of cells) yield* cell.set("ok", "")
    yield* health.started("streams")
    for (const cell of cells) yield* cell.set("degraded", "the intake is away")
    for (const cell of cells) yield* cell.set("ok", "")
    expect(asked).toBeLessThanOrEqual(300)
    expect((yield* health.report).plugins.streams!.status).toBe("ok")
  }).pipe(Effect.scoped, Effect.provide(Health.layer(["streams"])), Effect.runPromise))

test("health leaves out a plugin that this process does not run, whoever tells of it", () =>
  Effect.gen(function* () {
    const health = yield* Health
    yield* health.started("streams")
    yield* (yield* health.cell("alerts", "records")).set("failed", "nobody asked")
    const { ready, plugins } = yield* health.report
    expect([ready, Object.keys(plugins)]).toEqual([true, ["streams"]])
  }).pipe(Effect.scoped, Effect.provide(Health.layer(["streams"])), Effect.runPromise))
