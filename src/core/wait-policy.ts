/** One policy for waiting after a failure: how long, what health and the log say, and then the wait. */
import { Context, Effect, Latch } from "effect"
import { waitMs } from "./http/client/backoff.ts"
import { retry } from "./limits.ts"
import type { HealthCell, Status } from "./telemetry/health.ts"

/**
 * What helps after an error. `retry`: the same again, after backoff. `wait`: the same again, but not soon; the other side has said
 * that it is not ready. `operator`: nothing helps until a person changes something; it is tried again slowly meanwhile.
 */
export type Recovery = "retry" | "wait" | "operator"

export interface Failure {
  readonly recovery: Recovery
  /** In a row, this one included. */
  readonly failures: number
  /** How long the other side asks to wait: a floor under ours. */
  readonly retry_after_ms?: number | undefined
  /** A further floor, whatever helps. */
  readonly least_ms?: number
  /** A ceiling, above all floors: what there is to do is pointless later. */
  readonly most_ms?: number
  /** What is logged, before the time of the next try. */
  readonly message: string
  /** How the log names the next try. */
  readonly next?: string
  /** The level of the log line: an error where a person has to act, else a warning. */
  readonly level?: "info" | "warning" | "error"
  /** Where health says it, and what it says once it is known how long it takes; `undefined` for nothing yet. */
  readonly health?: HealthCell
  readonly tell?: (wait_ms: number) => readonly [Status, string] | undefined
}

const logs = { info: Effect.logInfo, warning: Effect.logWarning, error: Effect.logError }

/** Tells health and the log of a failure; gives how many milliseconds to wait before the next try. */
export const announceWait = Effect.fnUntraced(function* (failure: Failure) {
  const { recovery, failures, retry_after_ms, least_ms = 0, most_ms = Number.POSITIVE_INFINITY, health, tell } = failure
  const { message, next = "next try" } = failure
  const patience_ms = recovery === "retry" ? 0 : retry.backoff_ms_max
  const wait_ms = Math.min(yield* waitMs(failures, retry_after_ms, Math.max(least_ms, patience_ms)), most_ms)
  const told = tell?.(wait_ms)
  if (told !== undefined) yield* health?.set(...told) ?? Effect.void
  const log = logs[failure.level ?? (recovery === "operator" ? "error" : "warning")]
  yield* log(`${message}; ${next} in ${Math.round(wait_ms / 100) / 10} s`)
  return wait_ms
})

/** Released whenever a person has changed something, such as a secret. Nobody changes anything where none is provided. */
export const Amends = Context.Reference<Latch.Latch>("akonis/core/Amends", {
  defaultValue: () => Latch.makeUnsafe(false),
})

/**
 * Tells of a failure and waits for as long as it calls for. What waits for a person is tried at once when one has changed something,
 * unless the other side asked for the wait.
 */
export const waitAfter = (failure: Failure): Effect.Effect<void> =>
  Effect.gen(function* () {
    const wait_ms = yield* announceWait(failure)
    const is_ours = failure.recovery === "operator" && failure.retry_after_ms === undefined
    yield* is_ours ? Effect.raceFirst(Effect.sleep(wait_ms), (yield* Amends).await) : Effect.sleep(wait_ms)
  })
