import { describe, expect, test } from "bun:test"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { onTestClock } from "../../../test/support/effect.ts"
import type { CollectError, Collector } from "../../core/assets/collect.ts"
import { emptyTally } from "../../core/assets/cycle-tally.ts"
import { SekoiaError, type SekoiaReason } from "../../core/sekoia/sekoia-error.ts"
import { type Counted, resumedCycle } from "./resumed-cycle.ts"

const failure = (reason: SekoiaReason, retry_after_ms?: number) =>
  new SekoiaError({ reason, status: undefined, retry_after_ms, message: reason })

type Step = "done" | "endless" | { readonly sends: number } | SekoiaError

/** A collector whose cycles go as the steps say. */
const collectorOf = (steps: Step[]): Pick<Collector, "cycle"> => ({
  cycle: ({ onProgress = () => Effect.void } = {}) =>
    Effect.gen(function* () {
      const tally = emptyTally()
      for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
        if (step === "done") break
        if (step === "endless") return yield* Effect.never
        else if (step instanceof SekoiaError) return yield* step
        else {
          tally.read += step.sends
          tally.sent += step.sends
          yield* onProgress(tally)
        }
      }
      return tally
    }) as Effect.Effect<ReturnType<typeof emptyTally>, CollectError>,
})

const run = (steps: Step[], minutes: number) =>
  onTestClock(
    Effect.gen(function* () {
      const counted: Counted = { fetched: 0, pushed_batches: 0, failed_batches: 0 }
      const fiber = yield* Effect.forkChild(Effect.result(resumedCycle(collectorOf(steps), counted)))
      for (let minute = 0; minute < minutes && fiber.pollUnsafe() === undefined; minute++)
        yield* TestClock.adjust("1 minute")
      const result = fiber.pollUnsafe() === undefined ? undefined : yield* Fiber.join(fiber)
      return { result, counted, left: steps.length }
    }),
  )

const three_batches: Step[] = [{ sends: 100 }, { sends: 100 }, { sends: 50 }]

describe("a cycle of an on-premise runner", () => {
  test("is over when all is collected", async () => {
    const { result, counted } = await run([...three_batches, "done"], 1)
    expect(result).toMatchObject({ _tag: "Success", success: false })
    expect(counted).toEqual({ fetched: 250, pushed_batches: 3, failed_batches: 0 })
  })

  test("stops after 100 minutes and says that there is more", async () => {
    expect((await run([...three_batches, "endless"], 99)).result).toBeUndefined()
    const { result, counted } = await run([...three_batches, "endless"], 101)
    expect(result).toMatchObject({ success: true })
    expect(counted.pushed_batches).toBe(3)
  })

  test("is resumed after failures that pass, and counts what it did before", async () => {
    const { result, counted } = await run([{ sends: 100 }, failure("unavailable"), { sends: 100 }, "done"], 5)
    expect(result).toMatchObject({ success: false })
    expect(counted).toEqual({ fetched: 200, pushed_batches: 2, failed_batches: 1 })
  })

  test("does not wait beyond its time for a server that asks to", async () => {
    const waits = Array.from({ length: 4 }, () => [failure("rate_limited", 15 * 60_000), { sends: 1 }] as Step[]).flat()
    const { result } = await run([...waits, ...waits, "done"], 100)
    expect(result).toMatchObject({ success: true })
  })

  test("fails when a person has to act, and after five failures in a row", async () => {
    const refused = await run([{ sends: 1 }, failure("unauthorized"), "done"], 5)
    expect(refused.result).toMatchObject({ _tag: "Failure", failure: { reason: "unauthorized" } })
    const failing = Array.from({ length: 9 }, () => failure("unavailable"))
    const { result, left } = await run(failing, 20)
    expect([result?._tag, left]).toEqual(["Failure", 4])
  })
})
