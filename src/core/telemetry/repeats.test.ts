import { describe, expect, test } from "bun:test"
import { Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { RepeatsAs, summedUp } from "./repeats.ts"

/** Runs on the test clock; gives the lines that were written. */
const written = (body: Effect.Effect<unknown>): Promise<readonly string[]> => {
  const lines: string[] = []
  const logger = Logger.make<unknown, void>(({ message, logLevel }) => {
    lines.push(`${logLevel} ${String(message)}`)
  })
  return Effect.runPromise(
    body.pipe(
      // The logger takes its clock when it is made.
      Effect.provide(Logger.layer([summedUp(logger)]).pipe(Layer.provideMerge(TestClock.layer()))),
      Effect.map(() => lines),
    ),
  )
}

const waiting = (ms: number) => TestClock.adjust(ms)

describe("A log line that repeats", () => {
  test("is written at once the first time, and summed up after a minute", async () => {
    const lines = await written(
      Effect.gen(function* () {
        for (let i = 0; i < 300; i++) {
          yield* Effect.logWarning(`the intake answered 503; next try in ${i / 10} s`)
          yield* waiting(100)
        }
        yield* waiting(35_000)
      }),
    )
    expect(lines).toEqual([
      "Warn the intake answered 503; next try in 0 s",
      "Warn repeated 299 times in the last minute: the intake answered 503; next try in 29.9 s",
    ])
  })

  test("is told before the line that is the last", async () => {
    const lines = await written(
      Effect.gen(function* () {
        yield* Effect.logWarning("the intake answered 503; next try in 1 s")
        yield* Effect.logWarning("the intake answered 503; next try in 2 s")
        yield* waiting(3_000)
        yield* Effect.provideService(Effect.logInfo("stopped"), RepeatsAs, "end")
      }),
    )
    expect(lines).toEqual([
      "Warn the intake answered 503; next try in 1 s",
      "Warn repeated once in the last 3 s: the intake answered 503; next try in 2 s",
      "Info stopped",
    ])
  })

  test("is told once a minute for as long as it goes on", async () => {
    const lines = await written(
      Effect.gen(function* () {
        for (let i = 0; i < 600; i++) {
          yield* Effect.logError("no space left")
          yield* waiting(1_000)
        }
      }),
    )
    expect(lines.length).toBeGreaterThanOrEqual(9)
    expect(lines.length).toBeLessThanOrEqual(12)
  })

  test("leaves other lines alone: another text, another level, another partition", async () => {
    const lines = await written(
      Effect.gen(function* () {
        yield* Effect.logWarning("a")
        yield* Effect.logWarning("b")
        yield* Effect.logError("a")
        yield* Effect.annotateLogs(Effect.logWarning("a"), { partition: "p1" })
      }),
    )
    expect(lines).toEqual(["Warn a", "Warn b", "Error a", "Warn a"])
  })

  test("is written again at once when it was quiet for a minute", async () => {
    const lines = await written(
      Effect.gen(function* () {
        yield* Effect.logWarning("a")
        yield* waiting(61_000)
        yield* Effect.logWarning("a")
      }),
    )
    expect(lines).toEqual(["Warn a", "Warn a"])
  })

  test("may be told by what it is about instead of by its text, or never be summed up", async () => {
    const lines = await written(
      Effect.gen(function* () {
        for (const word of ["one", "two", "three"]) {
          yield* Effect.provideService(Effect.logWarning(`dead letter: ${word}`), RepeatsAs, "dead letters")
          yield* Effect.provideService(Effect.logInfo("hide-host: 1 of 1 done"), RepeatsAs, "each")
        }
      }),
    )
    expect(lines.filter((line) => line.startsWith("Warn"))).toEqual([
      "Warn dead letter: one",
      "Warn repeated 2 times in the last 0 s: dead letter: three",
    ])
    expect(lines.filter((line) => line.startsWith("Info")).length).toBe(3)
  })

  test("cannot fill the memory: beyond a thousand texts, what is new counts as one", async () => {
    const word = (n: number) => n.toString(2).replaceAll("0", "a").replaceAll("1", "b")
    const lines = await written(
      Effect.forEach(
        Array.from({ length: 5_000 }, (_, n) => word(n)),
        (text) => Effect.logWarning(text),
      ),
    )
    expect(lines.length).toBe(1_002)
    expect(lines.at(-1)).toContain("repeated 3999 times")
  })
})
