import { describe, expect, test } from "bun:test"
import { Effect, Logger } from "effect"
import { TestClock } from "effect/testing"
import { onTestClock } from "../../../test/support/effect.ts"
import { logs as limits } from "../limits.ts"
import type { LogLine } from "./log-lines.ts"
import { makeLogShipper } from "./log-shipper.ts"
import { PlatformError } from "./platform.ts"

/** A platform that takes lines, or does not; each request is kept. */
const makeTaker = () => {
  const taker = { requests: [] as LogLine[][], takes: true, retry_after_ms: undefined as number | undefined, tries: 0 }
  const send = (lines: readonly LogLine[]) =>
    Effect.suspend(() => {
      taker.tries++
      const { retry_after_ms } = taker
      if (!taker.takes) return Effect.fail(new PlatformError({ message: "not now", retry_after_ms }))
      taker.requests.push([...lines])
      return Effect.void
    })
  return { taker, send }
}

type Taker = ReturnType<typeof makeTaker>["taker"]

const withShipper = (body: (taker: Taker) => Effect.Effect<void>) => {
  const { taker, send } = makeTaker()
  const shipped = Effect.gen(function* () {
    const shipper = yield* makeLogShipper(send)
    yield* body(taker).pipe(Effect.provide(Logger.layer([shipper.logger])))
  }).pipe(Effect.scoped)
  return onTestClock(Effect.as(shipped, taker))
}

const many = (count: number) =>
  Effect.forEach(
    Array.from({ length: count }, (_, n) => n),
    (n) => Effect.logInfo(`line ${n}`),
    { discard: true },
  )
const texts = ({ requests }: Taker) => requests.flat().map(({ message }) => message)

describe("a connector's log lines", () => {
  test("are sent together after 5 s, and errors at once", async () => {
    await withShipper((taker) =>
      Effect.gen(function* () {
        yield* many(3)
        yield* TestClock.adjust("4 seconds")
        expect(taker.requests).toEqual([])
        yield* TestClock.adjust("1 second")
        expect(taker.requests.map((lines) => lines.length)).toEqual([3])
        yield* Effect.annotateLogs(Effect.logError("broken"), { partition: 7 })
        yield* TestClock.adjust(1)
        expect(taker.requests[1]).toMatchObject([{ level: "error", message: "broken  partition=7" }])
      }),
    )
  })

  test("go fifty at a time, and the last ones at the end", async () => {
    const taker = await withShipper(() => many(120))
    expect(taker.requests.map((lines) => lines.length)).toEqual([50, 50, 20])
    expect(texts(taker)[119]).toBe("line 119")
  })

  test("wait while the platform takes none: the newest stay, in order, and how many were dropped is told", async () => {
    const taker = await withShipper((platform) =>
      Effect.gen(function* () {
        platform.takes = false
        yield* many(limits.kept_lines_max + 10)
        yield* TestClock.adjust("1 minute")
        expect(platform.requests).toEqual([])
        platform.takes = true
        yield* TestClock.adjust("2 minutes")
      }),
    )
    const [first, ...rest] = texts(taker)
    expect(first).toBe("10 log lines were dropped while the platform took none")
    expect(rest).toEqual(Array.from({ length: limits.kept_lines_max }, (_, n) => `line ${n + 10}`))
  })

  test("are not sent again before the time that the platform asks for", async () => {
    await withShipper((platform) =>
      Effect.gen(function* () {
        Object.assign(platform, { takes: false, retry_after_ms: 600_000 })
        yield* many(1)
        yield* TestClock.adjust("9 minutes")
        expect(platform.tries).toBe(1)
        yield* TestClock.adjust("2 minutes")
        expect(platform.tries).toBe(2)
        platform.takes = true
      }),
    )
  })
})
