/** Times requests to Falcon, one try at a time. */
import { Effect, Exit, Metric } from "effect"
import type { TransportError } from "../errors.ts"
import type { HttpAnswer } from "../http/client/http.ts"
import { stopwatch } from "../monotonic.ts"
import { metrics } from "../telemetry/metrics.ts"

/** Times a request under its operation and its outcome: the status of the answer, or the reason why none came. */
export const timeRequest =
  (operation: string) =>
  <R>(send: Effect.Effect<HttpAnswer, TransportError, R>): Effect.Effect<HttpAnswer, TransportError, R> =>
    Effect.flatMap(stopwatch, (elapsedMs) =>
      Effect.onExit(send, (exit) =>
        Metric.update(
          Metric.withAttributes(metrics.falcon_seconds, { operation, outcome: outcomeOf(exit) }),
          elapsedMs() / 1_000,
        ),
      ),
    )

const outcomeOf = (exit: Exit.Exit<HttpAnswer, TransportError>): string => {
  if (Exit.isSuccess(exit)) return String(exit.value.status)
  const error = Exit.findErrorOption(exit)
  return error._tag === "Some" ? error.value.reason : "interrupted"
}
