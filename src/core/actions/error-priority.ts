/** Which failure stands for an action of several calls, and when an outcome with errors is a failure. */
import { Effect } from "effect"
import { FalconError, type FalconReason } from "../falcon/errors.ts"
import { isChange, type Operation } from "../falcon/operation.ts"
import { type AnyAction, type Outcome, type RowError, unconfirmedIn } from "./action.ts"

const POINTLESS: readonly FalconReason[] = [
  "unauthorized",
  "forbidden",
  "retired",
  "rate_limited",
  "unreachable",
  "untrusted_url",
]

/** Whether the next call would fail for the same reason, so that the remaining calls are not made. */
export const isPointless = ({ reason }: FalconError): boolean => POINTLESS.includes(reason)

/** Reasons after which a change may have been carried out. */
const IN_DOUBT: readonly FalconReason[] = ["outcome_unknown", "malformed"]

/** Whether a change may have been carried out, and must not be repeated to find out. */
export const leavesDoubt = ({ reason }: FalconError, operation: Operation): boolean =>
  isChange(operation) && !operation.idempotent && IN_DOUBT.includes(reason)

/**
 * The one of several failures that is reported: the first that leaves a change in doubt, else the first. A caller who is told
 * that nothing was done repeats the call, so doubt must not be hidden behind another reason.
 */
export const gravest = (failures: readonly FalconError[]): FalconError | undefined =>
  IN_DOUBT.map((doubt) => failures.find(({ reason }) => reason === doubt)).find((one) => one !== undefined) ??
  failures[0]

/** A copy of a failure that lists, for every id or row, why it did not work. */
export const withErrors = (
  error: FalconError,
  errors: readonly RowError[],
  message = error.message,
  status = error.status,
): FalconError => {
  const { reason, operation, trace_id, scopes, retry_after_ms } = error
  return new FalconError({ reason, operation, status, trace_id, scopes, retry_after_ms, errors, message })
}

/** The HTTP status for a list of errors: 404 when all are 404, 409 when all are 404 or 409, else 400. */
export const statusOf = (errors: readonly RowError[]): number => {
  const codes = new Set(errors.map(({ code }) => code))
  if (codes.size === 1 && codes.has(404)) return 404
  return codes.size > 0 && [...codes].every((code) => code === 404 || code === 409) ? 409 : 400
}

/**
 * The outcome, or a failure when certainly nothing was done: Falcon refused each id or row, did not know it, or failed. Where some of it worked, or may have, the outcome stands and is told as partial.
 */
export const failWhenNothing = (action: AnyAction, outcome: Outcome): Effect.Effect<Outcome, FalconError> => {
  const { requested, succeeded, failed, errors, trace_ids } = outcome
  if (failed === 0 || succeeded > 0 || unconfirmedIn(errors) > 0) return Effect.succeed(outcome)
  const { reason, status, first = errors[0] } = faultIn(errors)
  const why = first === undefined ? "" : `: ${first.id === undefined ? "" : `${first.id}: `}${first.message}`
  const message = `${action.slug}: 0 of ${requested} done${why}`
  const scopes = reason === "forbidden" ? action.scopes : []
  return Effect.fail(
    new FalconError({ reason, operation: action.slug, status, trace_id: trace_ids[0], scopes, errors, message }),
  )
}

interface Fault {
  readonly reason: FalconReason
  readonly status: number
  /** The error that shows it. */
  readonly first?: RowError
}

/**
 * Whose fault it is that nothing was done, by the codes of the errors. Falcon says in a 200, too, that it failed, that we are too fast or may
 * not: that is no fault of the request, which may be repeated or needs another API client. A code that is no refusal at all says nothing.
 */
const faultIn = (errors: readonly RowError[]): Fault => {
  for (const [reason, isSo] of faults) {
    const first = errors.find(({ code }) => isSo(code))
    if (first !== undefined) return { reason, status: first.code, first }
  }
  return { reason: "rejected", status: statusOf(errors) }
}

const faults: readonly (readonly [FalconReason, (code: number) => boolean])[] = [
  ["unavailable", (code) => code >= 500],
  ["rate_limited", (code) => code === 429],
  ["unauthorized", (code) => code === 401],
  ["forbidden", (code) => code === 403],
  ["malformed", (code) => code < 400],
]
