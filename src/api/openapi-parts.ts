/** The parts of the OpenAPI document that are the same for every action. */
import { row_error } from "../core/actions/action.ts"
import { catalogue_entry } from "../core/actions/catalogue.ts"
import { planned_request } from "../core/actions/dry-run.ts"
import { problem_body } from "../core/actions/problem.ts"
import { action_response } from "../core/actions/response.ts"
import { type JsonSchema, jsonSchemas } from "../core/json-schema.ts"
import { health_report } from "../core/telemetry/health.ts"

const { ActionResponse: response_schema, ...named } = jsonSchemas({
  Problem: problem_body.required({ request_id: true }),
  RowError: row_error,
  PlannedRequest: planned_request,
  CatalogueEntry: catalogue_entry,
  Health: health_report,
  ActionResponse: action_response,
})

/** Schemas that operations refer to. */
export const schemas: Readonly<Record<string, JsonSchema>> = named

/** The answer of an action whose resources look like this. */
export const answerSchema = (resource: JsonSchema): JsonSchema => {
  const schema = structuredClone(response_schema) as ResponseSchema
  schema.properties.results.anyOf[0].properties.resources.items = resource
  return schema
}

/** As much of `action_response`'s JSON Schema as `answerSchema` has to know. */
type ResponseSchema = JsonSchema & {
  properties: { results: { anyOf: [{ properties: { resources: { items: JsonSchema } } }, unknown] } }
}

const reasons: Readonly<Record<number, string>> = {
  400: "The arguments are invalid: one entry per field.",
  401: "No token, or an unknown one.",
  403: "The token lacks the role, or the server is read-only.",
  404: "There is no such action, or Falcon knows none of the ids.",
  409: "The Idempotency-Key was used with other arguments, Falcon reports a conflict, or nobody knows whether it happened.",
  413: "The body is over 10 MiB.",
  415: "The body is not JSON.",
  422: "Falcon refuses a filter or a value.",
  429: "Falcon's rate limit, or too many requests of this address at once; see Retry-After. May be repeated.",
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

/** Any object, where the description has to do. */
export const any_object: JsonSchema = { type: "object" }

/** An answer of JSON. */
export const json = (description: string, schema: object) => ({
  description,
  content: { "application/json": { schema } },
})

/** An answer of text. */
export const text = (description: string, type: string) => ({
  description,
  content: { [type]: { schema: { type: "string" } } },
})

/** A text in the path. */
export const pathParameter = (name: string, description?: string) => ({
  name,
  in: "path",
  required: true,
  ...(description !== undefined && { description }),
  schema: { type: "string" },
})

/** A parameter behind the path. */
export const queryParameter = (name: string, description: string, schema: JsonSchema) => ({
  name,
  in: "query",
  description,
  schema,
})

interface OperationOptions {
  readonly id: string
  readonly tag: "Catalogue" | "Operation"
  readonly summary: string
  /** What 200 answers. */
  readonly answer: object
  /** Statuses of its problems. */
  readonly problems: readonly number[]
  /** Further answers, by their status. */
  readonly more?: Readonly<Record<number, object>>
  readonly description?: string
  readonly parameters?: readonly object[]
  /** The schema of a body, which then has to be there. */
  readonly body?: JsonSchema
}

/** An operation as OpenAPI writes it. */
export const operation = ({
  id,
  tag,
  summary,
  answer,
  problems,
  more,
  description,
  parameters,
  body,
}: OperationOptions) => ({
  operationId: id,
  tags: [tag],
  summary,
  ...(description !== undefined && { description }),
  ...(parameters !== undefined && { parameters }),
  ...(body !== undefined && { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
  responses: { 200: answer, ...more, ...problemResponses(problems) },
})
