/** The parts of the OpenAPI document that are the same for every action. */
import type { JsonSchema } from "../core/actions/catalogue.ts"
import { problem_kinds } from "../core/actions/problem.ts"

const text = { type: "string" }
const texts = { type: "array", items: text }
const count = { type: "integer", minimum: 0 }

const problem: JsonSchema = {
  type: "object",
  description: "RFC 9457 problem details.",
  properties: {
    type: {
      type: "string",
      format: "uri-reference",
      enum: Object.keys(problem_kinds).map((kind) => `/problems/${kind}`),
    },
    title: text,
    status: { type: "integer" },
    detail: text,
    request_id: text,
    errors: {
      type: "array",
      description: "With 400: what is wrong with which argument.",
      items: { type: "object", properties: { field: text, message: text }, required: ["field", "message"] },
    },
    required_scopes: { ...texts, description: "With 502: what the Falcon API client lacks." },
    successor: { ...text, description: "With a withdrawn API: what took its place." },
    retry_after_s: { ...count, description: "Seconds until it makes sense to ask again." },
    upstream_errors: {
      type: "array",
      description: "Falcon's own errors, the first of them: which id, and why.",
      items: { $ref: "#/components/schemas/RowError" },
    },
    trace_ids: { ...texts, description: "For CrowdStrike's support." },
  },
  required: ["type", "title", "status", "detail", "request_id"],
}

const rowError: JsonSchema = {
  type: "object",
  description: "One thing that did not work, or that may have, while others did.",
  properties: {
    id: text,
    code: { type: "integer" },
    message: text,
    outcome: {
      type: "string",
      enum: ["unconfirmed"],
      description: "It was sent, and may have happened: look before sending it again. Absent: it did not happen.",
    },
  },
  required: ["code", "message"],
}

const plannedRequest: JsonSchema = {
  type: "object",
  description: "A request as it would go to Falcon, without the bearer token.",
  properties: { method: text, url: text, body: {} },
  required: ["method", "url"],
}

const health: JsonSchema = {
  type: "object",
  properties: {
    status: { type: "string", enum: ["ok", "degraded", "failed"] },
    version: text,
    uptime_s: count,
    plugins: {
      type: "object",
      additionalProperties: {
        type: "object",
        properties: { status: { type: "string", enum: ["ok", "degraded", "failed"] }, since: text, detail: text },
        required: ["status", "since", "detail"],
      },
    },
  },
  required: ["status", "version", "uptime_s", "plugins"],
}

/** Schemas that operations refer to. */
export const schemas: Readonly<Record<string, JsonSchema>> = {
  Problem: problem,
  RowError: rowError,
  PlannedRequest: plannedRequest,
  Health: health,
}

/** An entry of the catalogue. */
export const entrySchema: JsonSchema = {
  type: "object",
  properties: {
    slug: text,
    aliases: texts,
    title: text,
    description: text,
    arguments: { type: "object", description: "JSON Schema." },
    results: { type: "object", description: "JSON Schema." },
    example: { type: "object" },
    scopes: texts,
    changes: { type: "boolean" },
    destructive: { type: "boolean" },
    idempotent: { type: "boolean" },
    limits: { type: "object", properties: { per_call: { type: ["integer", "null"] } } },
    retired: { type: ["object", "null"], properties: { since: text, successor: text } },
  },
  required: [
    "slug",
    "aliases",
    "title",
    "description",
    "arguments",
    "results",
    "scopes",
    "changes",
    "destructive",
    "idempotent",
    "limits",
    "retired",
  ],
}

/** The answer of an action whose resources look like this. */
export const answerSchema = (resource: JsonSchema): JsonSchema => ({
  type: "object",
  properties: {
    action: text,
    outcome: {
      type: "string",
      enum: ["success", "partial", "dry_run"],
      description: "`partial`: something failed or is unconfirmed; see `counts` and `errors`.",
    },
    request_id: text,
    trace_ids: texts,
    counts: {
      type: "object",
      description: "`requested` is the sum of the others.",
      properties: {
        requested: count,
        succeeded: count,
        failed: { ...count, description: "Certainly not done." },
        unconfirmed: { ...count, description: "Sent, and perhaps done: see `errors`." },
        skipped: { ...count, description: "Rows with nothing to do, or of no use; with actions that skip." },
      },
      required: ["requested", "succeeded", "failed", "unconfirmed"],
    },
    results: {
      type: "object",
      properties: {
        resources: { type: "array", items: resource },
        total: { ...count, description: "Of a search: how many there are in all." },
        next: { type: ["string", "integer"], description: "Of a search with more to come: the next call's `offset`." },
        requests: {
          type: "array",
          description: "Of a dry run.",
          items: { $ref: "#/components/schemas/PlannedRequest" },
        },
      },
    },
    errors: { type: "array", items: { $ref: "#/components/schemas/RowError" } },
    warnings: { ...texts, description: "What should be known although it is no failure." },
  },
  required: ["action", "outcome", "request_id", "trace_ids", "counts", "results", "errors"],
})

const reasons: Readonly<Record<number, string>> = {
  400: "The arguments are invalid: one entry per field.",
  401: "No token, or an unknown one.",
  403: "The token lacks the role, or the server is read-only.",
  404: "There is no such action, or Falcon knows none of the ids.",
  409: "The Idempotency-Key was used with other arguments, Falcon reports a conflict, or nobody knows whether it happened.",
  413: "The body is over 10 MiB.",
  415: "The body is not JSON.",
  422: "Falcon refuses a filter or a value.",
  429: "Falcon's rate limit; see Retry-After. May be repeated.",
  500: "Unexpected; the log has the details.",
  502: "Falcon failed, or refused us. May be repeated.",
  503: "Not ready. May be repeated.",
  504: "Falcon did not answer in time. May be repeated.",
}

/** Problem answers of these statuses. */
export const problemResponses = (statuses: readonly number[]): Readonly<Record<string, object>> =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: reasons[status] ?? "A problem.",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    ]),
  )
