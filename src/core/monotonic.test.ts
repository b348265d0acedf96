/** How long something took, while an administrator or NTP sets the clock of the machine. */
import { expect, test } from "bun:test"
import { Clock, Effect, Logger, Metric, References } from "effect"
import { countRun } from "./actions/count-runs.ts"
import type { Executed } from "./actions/response.ts"
import { timeRequest } from "./falcon/time-request.ts"
import { observeCall } from "./http/client/observe-call.ts"
import { metrics } from "./telemetry/metrics.ts"

/** A clock whose time of day was set back by an hour when an operation took two seconds. */
const setBack = () => {
  const at = { wall_ms: Date.UTC(2026, 0, 15), monotonic_ms: 5_000 }
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => at.wall_ms,
    currentTimeMillis: Effect.sync(() => at.wall_ms),
    currentTimeNanosUnsafe: () => BigInt(at.wall_ms) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(at.wall_ms) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => BigInt(at.monotonic_ms) * 1_000_000n,
    monotonicTimeNanos: Effect.sync(() => BigInt(at.monotonic_ms) * 1_000_000n),
    sleep: () => Effect.never,
  }
  const operate = <A>(answer: A) =>
    Effect.sync(() => {
      at.wall_ms -= 3_600_000 - 2_000
      at.monotonic_ms += 2_000
      return answer
    })
  return { clock, operate }
}

const sumOf = (metric: Metric.Histogram<number>, labels: Record<string, string>) =>
  Effect.map(Metric.value(Metric.withAttributes(metric, labels)), ({ sum }) => sum)

test("is told of requests and of actions by a clock that nobody sets", async () => {
  const { clock, operate } = setBack()
  const lines: unknown[] = []
  const answer = { status: 200, headers: new Headers(), text: "" }
  const executed = { replayed: false, answer: { outcome: "success" } } as unknown as Executed
  const action = { slug: "set_back" } as Parameters<typeof countRun>[1]
  await Effect.runPromise(
    Effect.gen(function* () {
      const call = { upstream: "falcon", operation: "hosts.set_back" } as const
      const request = { method: "GET", url: "http://falcon.test/hosts" } as const
      yield* operate(answer).pipe(timeRequest("hosts.set_back"), observeCall(call, request))
      yield* operate(executed).pipe(countRun("t0", action))
      expect(yield* sumOf(metrics.falcon_seconds, { operation: "hosts.set_back", outcome: "200" })).toBe(2)
      expect(yield* sumOf(metrics.action_seconds, { tenant: "t0", action: "set_back" })).toBe(2)
    }).pipe(
      Effect.provideService(Clock.Clock, clock),
      Effect.provideService(References.MinimumLogLevel, "Debug"),
      Effect.provide(Logger.layer([Logger.make(({ message }) => void lines.push(message))])),
    ),
  )
  expect(lines.map(String)).toEqual(["falcon hosts.set_back: GET /hosts answered 200 in 2000 ms"])
})
