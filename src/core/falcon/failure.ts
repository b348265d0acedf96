/** Makes the `FalconError` of a call that failed on the wire, or that Falcon refused. */
import { Effect } from "effect"
import type { TransportError } from "../errors.ts"
import type { HttpAnswer } from "../http/client/http.ts"
import { retryAfterMs } from "../http/client/retry-after.ts"
import { retry } from "../limits.ts"
import { cloudUrl } from "./cloud.ts"
import { type Envelope, emptyEnvelope, parseEnvelope } from "./envelope.ts"
import { type ApiError, FalconError, type FalconReason } from "./errors.ts"
import type { Operation } from "./operation.ts"

/** How many errors of one answer the message quotes. */
const quoted_max = 3

/** Statuses of a withdrawn API: gone, no such route, or a scope that nobody can have any more. */
const retired_codes: readonly number[] = [403, 404, 405, 410]

const transport_reasons = {
  refused: "unreachable",
  timeout: "timeout",
  reset: "unavailable",
  too_large: "malformed",
} as const

type Fields = ConstructorParameters<typeof FalconError>[0]
type Details = Partial<Omit<Fields, "reason" | "operation" | "message">>

interface More {
  /** In place of what the code means elsewhere. */
  readonly reason?: FalconReason
  /** Added to the message. */
  readonly remark?: string
  readonly retry_after_ms?: number | undefined
}

export const failure = (operation: Operation, reason: FalconReason, message: string, details?: Details): FalconError =>
  new FalconError({
    errors: [],
    scopes: [],
    ...details,
    reason,
    operation: operation.name,
    message: `${operation.name}: ${message}`,
  })

/** The failure of a call that got no answer, or only half of one. */
export const transportFailure = (operation: Operation, error: TransportError): FalconError => {
  const reason = orUnknown(operation, transport_reasons[error.reason])
  return failure(operation, reason, error.message + advice(operation, reason))
}

/** The failure of a call that got another status than 2xx; `more` overrides what the status means elsewhere. */
export const statusFailure = (operation: Operation, answer: HttpAnswer, now_ms: number, more: More = {}): FalconError =>
  codeFailure(operation, answer.status, parseEnvelope(answer) ?? emptyEnvelope(answer), {
    remark: hint(answer),
    retry_after_ms: retryAfterMs(answer.headers, now_ms) ?? (answer.status === 429 ? retry.rate_limited_ms : undefined),
    ...more,
  })

/**
 * The envelope as it is, unless it holds errors and no resource at all: then Falcon has failed in spite of its 2xx, and
 * the first error's code says how. A missing scope comes as a 200 that way (elastic/integrations, alert tests).
 */
export const failWhenEmpty = (operation: Operation, envelope: Envelope): Effect.Effect<Envelope, FalconError> =>
  envelope.resources.length === 0 && envelope.errors[0] !== undefined
    ? Effect.fail(codeFailure(operation, envelope.errors[0].code, envelope))
    : Effect.succeed(envelope)

const codeFailure = (operation: Operation, code: number, envelope: Envelope, more: More = {}): FalconError => {
  const reason = orUnknown(operation, more.reason ?? reasonOf(operation, code))
  const message = `Falcon answered ${code}${quote(envelope.errors)}${more.remark ?? ""}${advice(operation, reason)}`
  return failure(operation, reason, message, {
    status: code,
    trace_id: envelope.trace_id,
    errors: envelope.errors,
    scopes: reason === "forbidden" || reason === "retired" ? operation.scopes : [],
    retry_after_ms: more.retry_after_ms,
    resources: envelope.resources,
    affected: envelope.affected,
  })
}

const reasonOf = (operation: Operation, code: number): FalconReason => {
  if (code === 429) return "rate_limited"
  if (code === 410 || (operation.retired !== undefined && retired_codes.includes(code))) return "retired"
  if (code === 401) return "unauthorized"
  if (code === 403) return "forbidden"
  return code >= 500 ? "unavailable" : "rejected"
}

/** Where a call that must not be repeated breaks off, the reason is `outcome_unknown`. */
const orUnknown = (operation: Operation, reason: FalconReason): FalconReason =>
  !operation.idempotent && (reason === "unavailable" || reason === "timeout") ? "outcome_unknown" : reason

/** The end of the message: what the operator can do about it. */
const advice = (operation: Operation, reason: FalconReason): string => {
  const { scopes, retired } = operation
  if (reason === "outcome_unknown") return "; it may or may not have been carried out, look before repeating it"
  if (reason === "forbidden" && scopes.length > 0) {
    return `; the API client needs ${scopes.join(", ")}, and our address must be allowed`
  }
  if (reason !== "retired") return ""
  return retired === undefined
    ? "; this API is gone"
    : `; this API was withdrawn on ${retired.since}, its successor is ${retired.successor}`
}

const hint = (answer: HttpAnswer): string => {
  if (answer.status === 407)
    return "; this is the proxy: it wants a name and a password (proxy: http://name:password@host)"
  if (answer.status < 300 || answer.status > 399) return ""
  const location = answer.headers.get("location") ?? ""
  const host = URL.canParse(location) ? ` to ${new URL(location).host}` : ""
  const home = cloudUrl(answer.headers.get("x-cs-region") ?? "")
  return `, a redirect${host}; ${home === undefined ? "is base_url the right cloud?" : `set base_url to ${home}`}`
}

const quote = (errors: readonly ApiError[]): string => {
  if (errors.length === 0) return ""
  const shown = errors.slice(0, quoted_max).map((error) => error.message)
  const more = errors.length > quoted_max ? ` (and ${errors.length - quoted_max} more)` : ""
  return `: ${shown.join("; ")}${more}`
}
