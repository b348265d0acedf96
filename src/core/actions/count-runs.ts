/** Counts runs of actions: what came of them, and how long they took. */
import { Cause, Effect, Exit, Metric } from "effect"
import { stopwatch } from "../monotonic.ts"
import { metrics } from "../telemetry/metrics.ts"
import { annotateSpan } from "../telemetry/tracing/spanned.ts"
import type { AnyAction } from "./action.ts"
import type { Refusal } from "./problem.ts"
import type { Executed } from "./response.ts"

/** Counts one run under the tenant and the action, and times it when it got as far as Falcon. */
export const countRun =
  (tenant: string, action: AnyAction) =>
  <R>(run: Effect.Effect<Executed, Refusal, R>): Effect.Effect<Executed, Refusal, R> =>
    Effect.flatMap(stopwatch, (elapsedMs) =>
      Effect.onExit(run, (exit) =>
        Effect.gen(function* () {
          const outcome = outcomeOf(exit)
          const labels = { tenant, action: action.slug }
          yield* annotateSpan(() => ({ "akonis.outcome": outcome }))
          yield* Metric.update(Metric.withAttributes(metrics.actions, { ...labels, outcome }), 1)
          if (!timed.has(outcome)) return
          yield* Metric.update(Metric.withAttributes(metrics.action_seconds, labels), elapsedMs() / 1_000)
        }),
      ),
    )

type Counted = "success" | "partial" | "dry_run" | "replayed" | "refused" | "failed" | "interrupted"

/** Outcomes of runs that have asked Falcon. */
const timed: ReadonlySet<Counted> = new Set(["success", "partial", "failed"])

const outcomeOf = (exit: Exit.Exit<Executed, Refusal>): Counted => {
  if (Exit.isSuccess(exit)) return exit.value.replayed ? "replayed" : exit.value.answer.outcome
  if (Cause.hasInterruptsOnly(exit.cause)) return "interrupted"
  const refusal = Cause.squash(exit.cause)
  const is_refused = isRefusal(refusal) && refusal.problem.status < 500
  return is_refused ? "refused" : "failed"
}

const isRefusal = (error: unknown): error is Refusal =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "Refusal"
