/** Problem documents (RFC 9457): what HTTP, MCP and the command line give for an action that was refused or failed. */
import { Data } from "effect"
import { z } from "zod"
import type { FalconError, FalconReason } from "../falcon/errors.ts"
import type { Immutable } from "../json-schema.ts"
import { cleanText } from "../text.ts"
import { type AnyAction, type RowError, row_error } from "./action.ts"
import { actions } from "./limits.ts"

/**
 * The kinds of problems: the end of `type`, the status and the title of each. The OpenAPI document lists them. A
 * caller may repeat a request after 429, 502, 503 and 504 only: a fault of the request never has one of these, nor has a change
 * that may have happened.
 */
const problem_kinds = {
  "invalid-arguments": [400, "Invalid arguments"],
  "invalid-body": [400, "Invalid body"],
  "invalid-request": [400, "Invalid request"],
  unauthenticated: [401, "No access"],
  "not-allowed": [403, "Not allowed"],
  "read-only": [403, "Read-only"],
  guarded: [403, "Refused by a guard"],
  "approval-needed": [403, "Waits for a second person"],
  "not-found": [404, "Not found"],
  "unknown-action": [404, "Unknown action"],
  "method-not-allowed": [405, "Method not allowed"],
  "upstream-not-found": [404, "Not known to Falcon"],
  "idempotency-conflict": [409, "Idempotency conflict"],
  "idempotency-in-doubt": [409, "Outcome unknown"],
  "outcome-unknown": [409, "Outcome unknown"],
  "upstream-conflict": [409, "Conflict in Falcon"],
  "body-too-late": [408, "Body too late"],
  "body-too-large": [413, "Body too large"],
  "unsupported-media-type": [415, "Unsupported media type"],
  "wrong-host": [421, "Wrong host"],
  "configuration-refused": [422, "The configuration is not right"],
  "upstream-rejected": [422, "Falcon refused what was asked"],
  "too-many-requests": [429, "Too many requests at once"],
  "upstream-rate-limited": [429, "Falcon's rate limit"],
  unexpected: [500, "Unexpected error"],
  "upstream-failed": [502, "Falcon failed"],
  "upstream-forbidden": [502, "Falcon refused access"],
  "upstream-unauthorized": [502, "Falcon refused our credentials"],
  "endpoint-retired": [502, "Withdrawn by CrowdStrike"],
  "not-ready": [503, "Not ready"],
  "upstream-timeout": [504, "Falcon did not answer in time"],
} as const satisfies Record<string, readonly [number, string]>

export type ProblemKind = keyof typeof problem_kinds

/** One thing that is wrong with the arguments. */
const field_error = z.object({
  field: z.string().describe("Dotted path of the argument; empty for the arguments as a whole."),
  message: z.string(),
})

export type FieldError = Immutable<z.output<typeof field_error>>

const problem_types = Object.keys(problem_kinds).map((kind) => `/problems/${kind}`)

/** A problem document. Its `type` is relative to our own address. */
export const problem_body = z
  .object({
    type: z.string().meta({ format: "uri-reference", enum: problem_types }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    request_id: z.string().exactOptional(),
    tenant: z.string().exactOptional().describe("Of which tenant; absent where the configuration names none."),
    errors: z.array(field_error).exactOptional().describe("With 400: what is wrong with which argument."),
    required_scopes: z.array(z.string()).exactOptional().describe("With 502: what the Falcon API client lacks."),
    successor: z.string().exactOptional().describe("With a withdrawn API: what took its place."),
    approval_id: z.string().exactOptional().describe("With `approval-needed`: what another caller approves."),
    retry_after_s: z
      .int()
      .nonnegative()
      .exactOptional()
      .describe("With 409, 429 and 503: seconds until it makes sense to ask again; also the header Retry-After."),
    upstream_errors: z
      .array(row_error)
      .exactOptional()
      .describe("Falcon's own errors, the first of them: which id, and why."),
    trace_ids: z.array(z.string()).exactOptional().describe("For CrowdStrike's support."),
  })
  .describe("RFC 9457 problem details.")

export type ProblemBody = Immutable<z.output<typeof problem_body>>

export class Refusal extends Data.TaggedError("Refusal")<{
  readonly problem: ProblemBody
  /** An `Idempotency-Key` gave this answer a second time. */
  readonly replayed?: boolean
}> {}

type More = Omit<ProblemBody, "type" | "title" | "status" | "detail">

/** The problem document of a kind. */
export const problemOf = (kind: ProblemKind, detail: string, more: More = {}): ProblemBody => {
  const [status, title] = problem_kinds[kind]
  return { type: `/problems/${kind}`, title, status, detail: cleanText(detail, actions.detail_chars_max), ...more }
}

/** A `Refusal` with the problem document of a kind. */
export const refuse = (kind: ProblemKind, detail: string, more: More = {}): Refusal =>
  new Refusal({ problem: problemOf(kind, detail, more) })

/** The problem of arguments that do not fit: the first of the errors, one per field; the detail says how many there are. */
export const invalidArguments = (action: AnyAction, errors: readonly FieldError[]): ProblemBody => {
  const shown = errors.slice(0, 3).map(({ field, message }) => (field === "" ? message : `${field}: ${message}`))
  const detail = `${action.slug}: ${shown.join("; ")}${errors.length > 3 ? ` (and ${errors.length - 3} more)` : ""}`
  return problemOf("invalid-arguments", detail, { errors: errors.slice(0, actions.field_errors_max) })
}

/** zod's issues as one error per field. Their messages never repeat the value. */
export const fieldErrors = ({ issues }: Pick<z.core.$ZodError, "issues">): FieldError[] => {
  const errors = new Map<string, string>()
  for (const issue of issues.flatMap(perKey)) if (!errors.has(issue.field)) errors.set(issue.field, issue.message)
  return [...errors].map(([field, message]) => ({ field, message }))
}

/** zod names all unknown keys of an object in one issue. */
const perKey = (issue: z.core.$ZodIssue): FieldError[] =>
  issue.code === "unrecognized_keys"
    ? issue.keys.map((key) => ({ field: fieldName([...issue.path, key]), message: "there is no such argument" }))
    : [{ field: fieldName(issue.path), message: messageOf(issue) }]

const kinds_of_json: Readonly<Record<string, string>> = {
  object: "an object",
  array: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
}

const messageOf = (issue: z.core.$ZodIssue): string => {
  if (issue.code === "invalid_value") return `must be one of ${issue.values.map(String).join(", ")}`
  if (issue.code !== "invalid_type") return issue.message
  const kind = kinds_of_json[issue.expected] ?? issue.expected
  return issue.message.endsWith("received undefined") ? `is missing; it must be ${kind}` : `must be ${kind}`
}

const fieldName = (path: readonly PropertyKey[]): string =>
  cleanText(path.map(String).join("."), actions.field_chars_max)

const kinds: Readonly<Record<FalconReason, ProblemKind>> = {
  unauthorized: "upstream-unauthorized",
  forbidden: "upstream-forbidden",
  rate_limited: "upstream-rate-limited",
  rejected: "upstream-failed",
  retired: "endpoint-retired",
  unavailable: "upstream-failed",
  timeout: "upstream-timeout",
  unreachable: "upstream-failed",
  malformed: "upstream-failed",
  untrusted_url: "upstream-failed",
  outcome_unknown: "outcome-unknown",
}

/** Falcon's statuses for faults of the request. Any other 4xx, or a redirect, is about how we call Falcon, which a caller cannot mend. */
const refusals: Readonly<Record<number, ProblemKind>> = {
  400: "upstream-rejected",
  404: "upstream-not-found",
  409: "upstream-conflict",
  413: "upstream-rejected",
  422: "upstream-rejected",
}

/** The kind of a failed call. A 4xx without any of Falcon's errors comes from a proxy, or from a path that does not exist. */
const kindOf = ({ reason, status = 0, errors }: FalconError): ProblemKind =>
  (reason === "rejected" && errors.length > 0 ? refusals[status] : undefined) ?? kinds[reason]

/** A row error fit to be shown: a message may quote what Falcon said. */
export const withCleanText = (row: RowError): RowError => ({
  ...row,
  message: cleanText(row.message, actions.detail_chars_max),
})

/** The problem of an action whose call to Falcon failed. */
export const fromFalcon = (action: AnyAction, error: FalconError): ProblemBody => {
  const kind = kindOf(error)
  const scopes = error.scopes.length > 0 ? error.scopes : action.scopes
  return problemOf(kind, error.message, {
    // A withdrawn API answers 403 as well; where it is still served, the scope is what is missing.
    ...((kind === "upstream-forbidden" || error.status === 403) && { required_scopes: scopes }),
    ...(kind === "endpoint-retired" && action.retired !== undefined && { successor: action.retired.successor }),
    ...(kind === "upstream-rate-limited" && { retry_after_s: Math.ceil((error.retry_after_ms ?? 60_000) / 1_000) }),
    ...(error.errors.length > 0 && {
      upstream_errors: error.errors.slice(0, actions.upstream_errors_max).map(withCleanText),
    }),
    trace_ids: error.trace_id === undefined ? [] : [error.trace_id],
  })
}

/**
 * Whether the same request may be sent again after this failure: Falcon is certainly as it was, or a repetition does no harm.
 * Then the failure is not stored under the `Idempotency-Key`.
 */
export const mayRepeat = (action: AnyAction, error: FalconError): boolean =>
  !action.changes || (error.reason !== "outcome_unknown" && (error.reason !== "malformed" || action.idempotent))
