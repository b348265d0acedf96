/**
 * Sends a connector's log lines to the platform: in batches, beside the work, which never waits for it. While the platform does
 * not take them the newest are kept, and how many were dropped is told once it does.
 */
import { Clock, Effect, Queue, Semaphore } from "effect"
import { waitMs } from "../../core/http/client/backoff.ts"
import { logs as limits } from "../limits.ts"
import { connectorLogger, type LogLine, lineOf } from "./log-lines.ts"
import type { Platform, PlatformError } from "./platform.ts"

/** Sends from now on, and what is left when the scope closes. */
export const makeLogShipper = Effect.fnUntraced(function* (send: Platform["log"]) {
  const waiting: LogLine[] = []
  let dropped = 0
  /** Holds something when there is a reason not to wait for more lines. */
  const urgent = yield* Queue.sliding<true>(1)

  const take = (line: LogLine): void => {
    waiting.push(line)
    if (waiting.length > limits.kept_lines_max) {
      waiting.shift()
      dropped++
    }
    const presses = line.level === "error" || line.level === "critical" || waiting.length >= limits.batch_lines_max
    if (presses) Queue.offerUnsafe(urgent, true)
  }

  /** Everything that waits. Lines are taken away once they are taken: a failure leaves them where they are. */
  const flush: Effect.Effect<void, PlatformError> = Effect.gen(function* () {
    while (waiting.length > 0) {
      if (dropped > 0) {
        const now_ms = yield* Clock.currentTimeMillis
        waiting.unshift(lineOf("warning", `${dropped} log lines were dropped while the platform took none`, now_ms))
        dropped = 0
      }
      const batch = waiting.slice(0, limits.batch_lines_max)
      yield* send(batch)
      // Lines that came meanwhile may have pushed out some of these.
      for (const line of batch) if (waiting[0] === line) waiting.shift()
    }
  }).pipe(Semaphore.makeUnsafe(1).withPermits(1))

  const ship = Effect.gen(function* () {
    for (let failures = 0; ; ) {
      yield* Effect.timeoutOption(Queue.take(urgent), limits.batch_wait_ms_max)
      const error = yield* Effect.match(flush, { onSuccess: () => undefined, onFailure: (failed) => failed })
      failures = error === undefined ? 0 : failures + 1
      if (error !== undefined) yield* Effect.sleep(yield* waitMs(failures, error.retry_after_ms))
    }
  })
  const last = flush.pipe(Effect.timeoutOption(limits.last_ms_max), Effect.ignore)
  yield* Effect.addFinalizer(() => last)
  yield* Effect.forkScoped(ship)

  return {
    logger: connectorLogger(take),
    /** What waits is sent as soon as may be. */
    soon: Effect.sync(() => void Queue.offerUnsafe(urgent, true)),
    /** Sends one line of Akonis' own now, with all that wait. */
    tell: (level: LogLine["level"], message: string) =>
      Effect.gen(function* () {
        take(lineOf(level, message, yield* Clock.currentTimeMillis))
        yield* last
      }),
  }
})
