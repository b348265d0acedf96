/** The request for an action as every surface makes it, and the response that every surface gives. */
import { Cause, Effect, Exit, type Tracer } from "effect"
import { z } from "zod"
import type { Secret } from "../config/secret.ts"
import { FalconError } from "../falcon/errors.ts"
import type { Role } from "../http/server/bearer.ts"
import type { Immutable } from "../json-schema.ts"
import { type AnyAction, ArgumentError, type Outcome, row_error, unconfirmedIn } from "./action.ts"
import { type PlannedRequest, planned_request } from "./dry-run.ts"
import { actions as bounds } from "./limits.ts"
import { fromFalcon, invalidArguments, mayRepeat, type ProblemBody, problemOf, withCleanText } from "./problem.ts"

/** Who asks, and how. */
export interface Asked {
  /** `token` is absent for the shell. */
  readonly caller: { readonly name: string; readonly role: Role; readonly token?: Secret }
  /** `platform`: a playbook of Sekoia, by `akonis module`. */
  readonly via: "http" | "mcp" | "shell" | "platform"
  readonly request_id: string
  /** The span of the request, or of whoever sent it: the run is part of that trace. */
  readonly trace?: Tracer.AnySpan | undefined
  readonly dry_run: boolean
  readonly idempotency_key?: string | undefined
  /** Whose idempotency keys they are, where it is not told by the token of `caller`: of a run that waited. */
  readonly owner?: string
  /** Who approved a run that waited for a second person. */
  readonly approved_by?: string
  /** The configuration's `server.read_only`. */
  readonly read_only: boolean
}

const count = z.int().nonnegative()

/** In the unit that the action counts: ids, rows or results. */
export const counts_schema = z
  .object({
    requested: count,
    succeeded: count,
    failed: count.describe("Certainly not done."),
    unconfirmed: count.describe("Sent, and perhaps done: each is an entry of `errors` with the outcome `unconfirmed`."),
    skipped: count.exactOptional().describe("Rows with nothing to do, or of no use; with actions that skip."),
  })
  .describe("`requested` is the sum of the others.")

export type Counts = Immutable<z.output<typeof counts_schema>>

/** What an action found or changed. Each action says for itself what its resources are. */
export const results_schema = z.object({
  resources: z.array(z.unknown()),
  total: count.exactOptional().describe("Of a search: how many there are in all, when Falcon said so."),
  next: z
    .union([z.string(), z.int()])
    .exactOptional()
    .describe("Of a search that did not come to the end: the next call's `offset`."),
})

/** The answer of an action that ran, wholly or in part, or would have. */
export const action_response = z.object({
  action: z.string(),
  tenant: z.string().exactOptional().describe("Whose hosts these are; absent where the configuration names no tenant."),
  outcome: z
    .enum(["success", "partial", "dry_run"])
    .describe(
      "`partial`: something failed or is unconfirmed, see `counts` and `errors`; never when it is certain that nothing was done.",
    ),
  request_id: z.string(),
  trace_ids: z.array(z.string()).describe("Of every call, for CrowdStrike's support."),
  counts: counts_schema,
  results: z.union([results_schema, z.object({ requests: z.array(planned_request).describe("Of a dry run.") })]),
  errors: z.array(row_error),
  warnings: z
    .array(z.string())
    .exactOptional()
    .describe("What should be known although it is no failure; of a dry run, also what would stand in the way."),
})

export type ActionResponse = Immutable<z.output<typeof action_response>>

export interface Executed {
  readonly answer: ActionResponse
  /** An `Idempotency-Key` gave the answer of an earlier request; its `request_id` is the earlier one's. */
  readonly replayed: boolean
}

/** How an action ended: an outcome, or a failure when nothing worked. */
export type Ran = Exit.Exit<Outcome, FalconError | ArgumentError>

/** Whether this end is stored under the idempotency key, so that the request is never carried out again under it. */
export const isFinal = (action: AnyAction, exit: Ran): boolean => {
  if (Exit.isSuccess(exit)) return true
  const error = Cause.squash(exit.cause)
  if (error instanceof ArgumentError) return false
  return error instanceof FalconError ? !mayRepeat(action, error) : action.changes
}

/** The answer of an action that ran. */
export const answerOf = (
  action: AnyAction,
  outcome: Outcome,
  { request_id }: Asked,
  warnings: readonly string[],
): ActionResponse => ({
  action: action.slug,
  outcome: outcome.failed > 0 ? "partial" : "success",
  request_id,
  trace_ids: outcome.trace_ids,
  counts: countsOf(outcome),
  results: {
    resources: outcome.resources,
    ...(outcome.total !== undefined && { total: outcome.total }),
    ...(outcome.next !== undefined && { next: outcome.next }),
  },
  errors: outcome.errors.map(withCleanText),
  ...(warnings.length > 0 && { warnings }),
})

const countsOf = ({ requested, succeeded, failed, skipped, errors }: Outcome): Counts => {
  const unconfirmed = unconfirmedIn(errors)
  return {
    requested,
    succeeded,
    failed: failed - unconfirmed,
    unconfirmed,
    ...(skipped !== undefined && { skipped }),
  }
}

/** The answer of a dry run. */
export const dryRunAnswer = (
  action: AnyAction,
  requests: readonly PlannedRequest[],
  { request_id }: Asked,
  warnings: readonly string[],
): ActionResponse => ({
  action: action.slug,
  outcome: "dry_run",
  request_id,
  trace_ids: [],
  counts: { requested: 0, succeeded: 0, failed: 0, unconfirmed: 0 },
  results: { requests },
  errors: [],
  ...(warnings.length > 0 && { warnings }),
})

/** The problem document of a failed action. An unexpected error is logged in full; the caller gets no details of it. */
export const problemFor = (
  action: AnyAction,
  cause: Cause.Cause<FalconError | ArgumentError>,
  asked: Asked,
): Effect.Effect<ProblemBody> => {
  const error = Cause.squash(cause)
  if (error instanceof ArgumentError) {
    const { field, message, more = [] } = error
    return Effect.succeed(invalidArguments(action, [{ field, message }, ...more]))
  }
  if (error instanceof FalconError) return Effect.succeed(fromFalcon(action, error))
  const after = action.changes ? "; whether anything was changed is not known" : ""
  if (Cause.hasInterruptsOnly(cause)) {
    const kind = action.changes ? "outcome-unknown" : "not-ready"
    return Effect.succeed(problemOf(kind, `akonis was stopped before ${action.slug} was done${after}`))
  }
  return Effect.as(
    Effect.logError(`${action.slug} failed unexpectedly, please report it: ${Cause.pretty(cause)}`).pipe(
      Effect.annotateLogs({ request_id: asked.request_id }),
    ),
    problemOf(
      "unexpected",
      `${action.slug} failed unexpectedly; the log has the details under this request id${after}`,
    ),
  )
}

/** Whether a text can be an `Idempotency-Key`. */
export const isIdempotencyKey = (text: string): boolean =>
  text.length <= bounds.key_chars_max && /^[\x21-\x7e]+$/.test(text)
