/** How a call to Falcon fails, in words an operator can act on. */
import { Data } from "effect"

/** One entry of Falcon's `errors` array. */
export interface ApiError {
  /** Falcon's code; the HTTP status when the entry has none. */
  readonly code: number
  /** Falcon's text, cut to a readable length, secrets removed. */
  readonly message: string
  /** The resource it is about, when Falcon says so. */
  readonly id?: string
}

/**
 * - `unauthorized`: the credentials are wrong, or a new token was refused too
 * - `forbidden`: the API client lacks one of `scopes`, or its source address is not allowed
 * - `rate_limited`: still over the limit after every retry; come back after `retry_after_ms`
 * - `rejected`: any other 4xx, and redirects; repeating the same call will not help
 * - `retired`: Falcon no longer offers this API; the message names the successor
 * - `unavailable`: 5xx, or the connection broke, after every retry
 * - `timeout`: no answer in time, after every retry
 * - `unreachable`: the request certainly did not reach Falcon (connection refused, DNS, TLS), after every retry
 * - `malformed`: an answer that makes no sense: not JSON, too large, a cursor that goes in circles
 * - `untrusted_url`: the URL is outside Falcon's cloud, so that nothing was sent to it
 * - `outcome_unknown`: a call that must not be repeated broke off; Falcon may or may not have done it
 */
export type FalconReason =
  | "unauthorized"
  | "forbidden"
  | "rate_limited"
  | "rejected"
  | "retired"
  | "unavailable"
  | "timeout"
  | "unreachable"
  | "malformed"
  | "untrusted_url"
  | "outcome_unknown"

/** A call to Falcon failed for good: every retry that was allowed has been made. Carries no secret. */
export class FalconError extends Data.TaggedError("FalconError")<{
  readonly reason: FalconReason
  /** `Operation.name`, or `token`. */
  readonly operation: string
  readonly status?: number | undefined
  /** What CrowdStrike's support asks for. */
  readonly trace_id?: string | undefined
  readonly errors: readonly ApiError[]
  /** Scopes the operation needs; empty unless `forbidden` or `retired`. */
  readonly scopes: readonly string[]
  readonly retry_after_ms?: number | undefined
  /** `resources` of a refusal, in which Falcon explains refused indicators one by one. */
  readonly resources?: readonly unknown[] | undefined
  /** `Envelope.affected` of the refusal. */
  readonly affected?: number | undefined
  /** It refuses a change of which an earlier try got no answer, and which that one may have made. */
  readonly after_doubt?: true
  readonly message: string
}> {}
