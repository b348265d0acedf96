/** The paths of OpenAPI that an operator uses: the status, a tap, dead letters. */
import { z } from "zod"
import { reload_answer } from "../core/config/reload-answer.ts"
import type { JsonSchema } from "../core/json-schema.ts"
import { any_object, json, operation, pathParameter, queryParameter, text } from "./openapi-parts.ts"
import { status_report } from "./status/schema.ts"

const schemaOf = (of: z.ZodType) => {
  const { $schema: _, ...schema } = z.toJSONSchema(of)
  return schema
}

/** `base`: where the routes of a tenant begin, with the parameters of its path. */
export const operatingPaths = (base: string, parameters: readonly object[]) => ({
  "/status": {
    get: operation({
      id: "status",
      tag: "Operation",
      summary: "What every tenant and partition does now",
      answer: json("The status.", schemaOf(status_report)),
      problems: [401],
    }),
  },
  "/status/stream": {
    get: operation({
      id: "status_stream",
      tag: "Operation",
      summary: "The status once a second, as server-sent events",
      answer: text("Each `data` is a status.", "text/event-stream"),
      problems: [401, 503],
    }),
  },
  [`${base}/tap`]: {
    get: operation({
      id: "tap",
      tag: "Operation",
      summary: "A sample of the events as they are delivered; takes the role responder",
      parameters: [
        ...parameters,
        queryParameter("type", "`metadata.eventType`; any when left out.", { type: "string" }),
        queryParameter("rate", "Events a second, at most 100.", { type: "number", default: 1 }),
        queryParameter("redact", "Keys stay, values become their kind and length.", {
          type: "boolean",
          default: false,
        }),
      ],
      answer: text("An event a line.", "application/x-ndjson"),
      problems: [400, 401, 403, 503],
    }),
  },
  [`${base}/dead-letters/{id}`]: {
    get: operation({
      id: "get_dead_letter",
      tag: "Operation",
      summary: "One dead letter with what Falcon sent; takes the role responder",
      parameters: [...parameters, pathParameter("id")],
      answer: json("The dead letter.", any_object),
      problems: [401, 403, 404, 503],
    }),
  },
  "/admin/reload": {
    post: operation({
      id: "reload",
      tag: "Operation",
      summary: "Read the configuration anew; takes the role admin, for all tenants",
      description: "As SIGHUP does. What is not right is refused whole with 422, and what is in force stays.",
      answer: json("What was changed.", schemaOf(reload_answer)),
      problems: [400, 401, 403, 422, 503],
    }),
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

function adminPath(name: string, summary: string, properties: JsonSchema) {
  return {
    [`/admin/dead-letters/${name}`]: {
      post: operation({
        id: `dead_letters_${name}`,
        tag: "Operation",
        summary: `${summary}; takes the role admin`,
        body: { type: "object", properties, additionalProperties: false },
        answer: json("What was done.", any_object),
        problems: [400, 401, 403, 404, 503],
      }),
    },
  }
}
