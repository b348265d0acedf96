/** The paths of OpenAPI that an operator uses: the status, a tap, dead letters. */
import { z } from "zod"
import { reload_answer } from "../core/config/reload-answer.ts"
import { problemResponses } from "./openapi-parts.ts"
import { status_report } from "./status/schema.ts"

const json = (description: string, schema: object) => ({ description, content: { "application/json": { schema } } })
const object = { type: "object" }
const schemaOf = (of: z.ZodType) => {
  const { $schema: _, ...schema } = z.toJSONSchema(of)
  return schema
}

/** `base`: where the routes of a tenant begin, with the parameters of its path. */
export const operatingPaths = (base: string, parameters: readonly object[]) => ({
  "/status": {
    get: {
      operationId: "status",
      tags: ["Operation"],
      summary: "What every tenant and partition does now",
      responses: { 200: json("The status.", schemaOf(status_report)), ...problemResponses([401]) },
    },
  },
  "/status/stream": {
    get: {
      operationId: "status_stream",
      tags: ["Operation"],
      summary: "The status once a second, as server-sent events",
      responses: {
        200: {
          description: "Each `data` is a status.",
          content: { "text/event-stream": { schema: { type: "string" } } },
        },
        ...problemResponses([401, 503]),
      },
    },
  },
  [`${base}/tap`]: {
    get: {
      operationId: "tap",
      tags: ["Operation"],
      summary: "A sample of the events as they are delivered; takes the role responder",
      parameters: [
        ...parameters,
        {
          name: "type",
          in: "query",
          description: "`metadata.eventType`; any when left out.",
          schema: { type: "string" },
        },
        {
          name: "rate",
          in: "query",
          description: "Events a second, at most 100.",
          schema: { type: "number", default: 1 },
        },
        {
          name: "redact",
          in: "query",
          description: "Keys stay, values become their kind and length.",
          schema: { type: "boolean", default: false },
        },
      ],
      responses: {
        200: { description: "An event a line.", content: { "application/x-ndjson": { schema: { type: "string" } } } },
        ...problemResponses([400, 401, 403, 503]),
      },
    },
  },
  [`${base}/dead-letters/{id}`]: {
    get: {
      operationId: "get_dead_letter",
      tags: ["Operation"],
      summary: "One dead letter with what Falcon sent; takes the role responder",
      parameters: [...parameters, { name: "id", in: "path", required: true, schema: { type: "string" } }],
      responses: { 200: json("The dead letter.", object), ...problemResponses([401, 403, 404, 503]) },
    },
  },
  "/admin/reload": {
    post: {
      operationId: "reload",
      tags: ["Operation"],
      summary: "Read the configuration anew; takes the role admin, for all tenants",
      description: "As SIGHUP does. What is not right is refused whole with 422, and what is in force stays.",
      responses: {
        200: json("What was changed.", schemaOf(reload_answer)),
        ...problemResponses([400, 401, 403, 422, 503]),
      },
    },
  },
  ...adminPath("replay", "Post dead letters to the destination again", {
    tenant: { type: "string" },
    ids: { type: "array", items: { type: "string" } },
    all: { const: true },
  }),
  ...adminPath("purge", "Remove dead letters: those that were replayed, or all", {
    tenant: { type: "string" },
    which: { enum: ["replayed", "all"] },
  }),
})

function adminPath(name: string, summary: string, properties: object) {
  return {
    [`/admin/dead-letters/${name}`]: {
      post: {
        operationId: `dead_letters_${name}`,
        tags: ["Operation"],
        summary: `${summary}; takes the role admin`,
        requestBody: {
          required: true,
          content: { "application/json": { schema: { type: "object", properties, additionalProperties: false } } },
        },
        responses: { 200: json("What was done.", object), ...problemResponses([400, 401, 403, 404, 503]) },
      },
    },
  }
}
