/** The parts of the OpenAPI document about what waits: for its end, or for a second person. */
import type { JsonSchema } from "../core/json-schema.ts"
import { problemResponses } from "./openapi-parts.ts"

const json = (description: string, schema: JsonSchema) => ({ description, content: { "application/json": { schema } } })

/** The query parameter of actions that can be waited for. */
export const wait_parameter = {
  name: "wait",
  in: "query",
  description:
    "Seconds to wait until it has happened. The answer then has `wait`, a row for each id: confirmed, pending or failed, before and after; and `run`. What takes longer than a minute answers 202, and `GET /runs/<run.id>` tells the rest.",
  schema: { type: "integer", minimum: 1, maximum: 86_400 },
}

/** The routes of runs and approvals. */
export const waitingPaths = (base: string, parameters: readonly object[]) => ({
  [`${base}/runs/{id}`]: {
    get: {
      operationId: "get_run",
      tags: ["Catalogue"],
      summary: "An action that is waited for longer than its request",
      parameters: [
        ...parameters,
        {
          name: "id",
          in: "path",
          required: true,
          description: "`run.id` of the answer.",
          schema: { type: "string" },
        },
      ],
      responses: {
        200: json("The run as it was seen last: `state` is waiting or done, `wait` has a row for each id.", {
          type: "object",
        }),
        ...problemResponses([401, 404, 503]),
      },
    },
  },
  [`${base}/approvals`]: {
    get: {
      operationId: "list_approvals",
      tags: ["Catalogue"],
      summary: "Runs that wait for a second person",
      parameters,
      responses: {
        200: json("What waits, the oldest first.", {
          type: "object",
          properties: { approvals: { type: "array", items: { type: "object" } } },
          required: ["approvals"],
        }),
        ...problemResponses([401, 403, 503]),
      },
    },
  },
  [`${base}/approvals/{id}`]: {
    post: {
      operationId: "approve",
      tags: ["Catalogue"],
      summary: "Approve a run that another caller asked for: it is carried out at once",
      parameters: [
        ...parameters,
        {
          name: "id",
          in: "path",
          required: true,
          description: "`approval_id` of the problem.",
          schema: { type: "string" },
        },
      ],
      responses: {
        200: json("The answer of the action.", { type: "object" }),
        ...problemResponses([400, 401, 403, 404, 409, 422, 429, 502, 503, 504]),
      },
    },
  },
})
