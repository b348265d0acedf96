/** `GET /openapi.json`: OpenAPI 3.1, made from the declarations of the actions that are switched on. */
import { z } from "zod"
import type { AnyAction } from "../core/actions/action.ts"
import type { ActionTenant } from "../core/actions/execute.ts"
import type { JsonSchema } from "../core/json-schema.ts"
import { version } from "../version.ts"
import { operatingPaths } from "./openapi-operating.ts"
import {
  answerSchema,
  any_object,
  json,
  operation,
  pathParameter,
  problemResponses,
  queryParameter,
  schemas,
  text,
} from "./openapi-parts.ts"
import { wait_parameter, waitingPaths } from "./openapi-waiting.ts"

/** The document for tenants with their actions; with one tenant the short routes, unless the process has `several`. */
export const openApi = (
  tenants: readonly Pick<ActionTenant, "id" | "actions">[],
  several: boolean = tenants.length > 1,
) => {
  const components = new Components()
  const base = several ? "/tenants/{tenant}" : ""
  const tenant = {
    name: "tenant",
    in: "path",
    required: true,
    description: "The tenant's id in the configuration.",
    schema: { type: "string", enum: tenants.map(({ id }) => id) },
  }
  const parameters = several ? [tenant] : []
  const actions = new Map(tenants.flatMap((one) => one.actions.map((action) => [action.slug, action] as const)))
  const tags = [...new Set([...actions.values()].map(tagOf))]
  return {
    openapi: "3.1.0",
    info: {
      title: "Akonis",
      version,
      description:
        "Runs response actions on CrowdStrike Falcon, and tells how the connector is. Roles: a `reader` sees, a `responder` also acts.",
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }],
    tags: [
      { name: "Catalogue", description: "Which actions there are." },
      ...tags.map((name) => ({ name, description: `Actions: ${name}.` })),
      { name: "Operation", description: "How the process is." },
    ],
    paths: {
      ...operationPaths,
      [`${base}/actions`]: {
        get: operation({
          id: "list_actions",
          tag: "Catalogue",
          summary: "Every action that is switched on",
          parameters,
          answer: json("The catalogue.", {
            type: "object",
            properties: { actions: { type: "array", items: { $ref: "#/components/schemas/CatalogueEntry" } } },
            required: ["actions"],
          }),
          problems: [401],
        }),
      },
      ...{ ...waitingPaths(base, parameters), ...operatingPaths(base, parameters) },
      [`${base}/actions/{slug}`]: {
        get: operation({
          id: "describe_action",
          tag: "Catalogue",
          summary: "One action, with its arguments",
          parameters: [
            ...parameters,
            {
              ...pathParameter("slug", "The slug, or the name that the Python module used."),
              example: [...actions.keys()][0] ?? "isolate_endpoints",
            },
          ],
          answer: json("The action.", { $ref: "#/components/schemas/CatalogueEntry" }),
          problems: [401, 404],
        }),
      },
      ...Object.fromEntries(
        [...actions.values()].map((action) => [
          `${base}/actions/${action.slug}`,
          { post: runOperation(action, parameters, components) },
        ]),
      ),
      [`${base}/mcp`]: { post: mcpOperation(parameters) },
    },
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "A token of `server.tokens`, or of `data_dir/api-token`.",
        },
      },
      schemas: { ...schemas, ...components.schemas },
    },
  }
}

const runOperation = (action: AnyAction, parameters: readonly object[], components: Components) => ({
  operationId: action.slug,
  tags: [tagOf(action)],
  summary: action.title,
  description: descriptionOf(action),
  ...(action.retired !== undefined && { deprecated: true }),
  parameters: [...parameters, ...run_parameters, ...(action.settles === undefined ? [] : [wait_parameter])],
  requestBody: {
    required: true,
    content: {
      "application/json": {
        schema: components.add(action.slug, z.toJSONSchema(action.arguments, { io: "input", unrepresentable: "any" })),
        example: action.example,
      },
    },
  },
  responses: {
    200: json(
      "It ran, wholly or in part; or, with `dry_run`, what it would have sent.",
      answerSchema(
        components.add(action.slug, z.toJSONSchema(action.resource, { io: "output", unrepresentable: "any" })),
      ),
    ),
    ...(action.settles !== undefined && {
      202: json("It ran, and is still waited for: see Location.", { type: "object" }),
    }),
    ...problemResponses([400, 401, 403, 409, 413, 415, 422, 429, 500, 502, 503, 504]),
  },
  "x-scopes": action.scopes,
  "x-destructive": action.destructive,
  "x-idempotent": action.idempotent,
  "x-changes": action.changes,
})

const descriptionOf = (action: AnyAction): string =>
  [
    action.description,
    `Scopes of the API client: ${action.scopes.map((scope) => `\`${scope}\``).join(", ")}.`,
    ...(action.alias === action.slug ? [] : [`Also answers at \`/actions/${action.alias}\`.`]),
    ...(action.per_call === undefined ? [] : [`Falcon takes ${action.per_call} in one call; longer lists are split.`]),
    ...(action.destructive ? ["**Hard to undo, or takes a host off the network.**"] : []),
    ...(action.retired === undefined
      ? []
      : [`CrowdStrike withdrew this API on ${action.retired.since}; its successor is ${action.retired.successor}.`]),
  ].join("\n\n")

/** The console's name of what the action works on: the part of its scope before the colon. */
const tagOf = (action: AnyAction): string => action.scopes[0]?.split(":")[0] ?? "Other"

const run_parameters = [
  queryParameter("dry_run", "Answer the exact requests that would go to Falcon, and send none of them.", {
    type: "boolean",
    default: false,
  }),
  {
    name: "Idempotency-Key",
    in: "header",
    description:
      "Replays the first answer for 24 h instead of acting again; with other arguments it is refused with 409.",
    schema: { type: "string", minLength: 1, maxLength: 255, pattern: "^[\\x21-\\x7e]+$" },
  },
  {
    name: "X-Request-Id",
    in: "header",
    description: "Your own id of this request, for logs and the audit log.",
    schema: { type: "string" },
  },
]

const mcpOperation = (parameters: readonly object[]) =>
  operation({
    id: "mcp",
    tag: "Operation",
    summary: "The same actions as tools of the Model Context Protocol",
    description: "JSON-RPC 2.0 over Streamable HTTP. Takes the role responder.",
    parameters,
    body: any_object,
    answer: json("The answer of the server.", any_object),
    more: { 202: { description: "A notification was taken." } },
    problems: [401, 403, 413],
  })

/** Answered without a token. */
const open = { security: [] as object[] }

const operationPaths = {
  "/health": {
    get: {
      ...open,
      ...operation({
        id: "health",
        tag: "Operation",
        summary: "How every plugin is",
        answer: json("Working, perhaps degraded.", { $ref: "#/components/schemas/Health" }),
        more: { 503: json("Something needs a person.", { $ref: "#/components/schemas/Health" }) },
        problems: [],
      }),
    },
  },
  "/health/live": {
    get: {
      ...open,
      ...operation({
        id: "live",
        tag: "Operation",
        summary: "Whether the process turns",
        answer: json("It does.", any_object),
        problems: [],
      }),
    },
  },
  "/health/ready": {
    get: {
      ...open,
      ...operation({
        id: "ready",
        tag: "Operation",
        summary: "Whether every plugin has started",
        answer: json("Yes.", any_object),
        more: { 503: json("Not yet.", any_object) },
        problems: [],
      }),
    },
  },
  "/tenants": {
    get: operation({
      id: "list_tenants",
      tag: "Operation",
      summary: "The tenants that this token sees, and where their actions are",
      answer: json("The tenants.", {
        type: "object",
        properties: {
          tenants: {
            type: "array",
            items: {
              type: "object",
              properties: { id: { type: "string" }, actions: { type: "string" } },
              required: ["id", "actions"],
            },
          },
        },
        required: ["tenants"],
      }),
      problems: [401],
    }),
  },
  "/metrics": {
    get: operation({
      id: "metrics",
      tag: "Operation",
      summary: "Metrics for Prometheus",
      answer: text("Prometheus text.", "text/plain"),
      problems: [401],
    }),
  },
  "/openapi.json": {
    get: operation({
      id: "openapi",
      tag: "Operation",
      summary: "This document",
      answer: json("OpenAPI 3.1.", any_object),
      problems: [401],
    }),
  },
}

/** Schemas that zod names are moved to where the document keeps them; two of one name are told apart by their action. */
class Components {
  readonly schemas: Record<string, unknown> = {}

  add(slug: string, { $schema: _, $defs, ...schema }: Record<string, unknown>): JsonSchema {
    const names = Object.keys(($defs ?? {}) as object)
    const at = (name: string) => `${slug}.${name}`.replace(/[^\w.-]/g, "_")
    const move = (value: unknown): unknown =>
      JSON.parse(
        names.reduce(
          (text, name) => text.replaceAll(`"#/$defs/${name}"`, `"#/components/schemas/${at(name)}"`),
          JSON.stringify(value),
        ),
      )
    for (const name of names) this.schemas[at(name)] = move(($defs as Record<string, unknown>)[name])
    return move(schema) as JsonSchema
  }
}
