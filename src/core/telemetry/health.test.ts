import { expect, test } from "bun:test"
import { Effect } from "effect"
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
