/** What log and traces are told of a run. */
import { Cause, Effect, Exit } from "effect"
import { FalconError } from "../falcon/errors.ts"
import { RepeatsAs } from "../telemetry/repeats.ts"
import { spanned } from "../telemetry/tracing/spanned.ts"
import { type AnyAction, ArgumentError, type Outcome } from "./action.ts"
import type { Asked } from "./response.ts"

/** Tells the log how a run ended: a line of its own for each, a warning with the reason where something was not done. */
export const tellRun = (tenant: string, action: AnyAction, asked: Asked, exit: Exit.Exit<Outcome, unknown>) => {
  const why = whyNotDone(action, exit)
  const done = Exit.isSuccess(exit) ? `${exit.value.succeeded} of ${exit.value.requested} done` : "failed"
  const line = `${action.slug}: ${done}${why === undefined ? "" : `: ${why}`}`
  return (why === undefined ? Effect.logInfo(line) : Effect.logWarning(line)).pipe(
    Effect.annotateLogs({ tenant, caller: asked.caller.name, via: asked.via, request_id: asked.request_id }),
    Effect.provideService(RepeatsAs, "each"),
  )
}

/** Why not everything was done; of several reasons the first. `undefined` when everything was. */
const whyNotDone = (action: AnyAction, exit: Exit.Exit<Outcome, unknown>): string | undefined => {
  if (Exit.isSuccess(exit)) {
    if (exit.value.failed === 0) return undefined
    const [first] = exit.value.errors
    return first === undefined
      ? `${exit.value.failed} failed`
      : [first.id, first.message].filter((part) => part !== undefined).join(": ")
  }
  if (Cause.hasInterruptsOnly(exit.cause)) return "akonis was stopped before it was done"
  const error = Cause.squash(exit.cause)
  const is_known = error instanceof FalconError || error instanceof ArgumentError
  const message = is_known ? error.message : "an unexpected error; the log holds it under this request id"
  return message.startsWith(`${action.slug}: `) ? message.slice(action.slug.length + 2) : message
}

/** Makes an effect part of the trace that its request belongs to, and names that trace in its log lines. */
export const inTrace =
  ({ trace }: Pick<Asked, "trace">) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    trace === undefined
      ? effect
      : (effect.pipe(
          Effect.annotateLogs({ trace_id: trace.traceId }),
          Effect.withParentSpan(trace, { captureStackTrace: false }),
        ) as Effect.Effect<A, E, R>)

/** Gives a run a span of its own. */
export const spanOfRun =
  (tenant: string, action: AnyAction, asked: Asked) =>
  <A, E, R>(run: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    run.pipe(
      spanned(`action ${action.slug}`, () => ({
        attributes: {
          "akonis.tenant": tenant,
          "akonis.action": action.slug,
          "akonis.via": asked.via,
          "akonis.caller": asked.caller.name,
          "akonis.request_id": asked.request_id,
          "akonis.dry_run": asked.dry_run,
        },
      })),
      inTrace(asked),
    )
