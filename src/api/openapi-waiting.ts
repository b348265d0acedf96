/** The parts of the OpenAPI document about what waits: for its end, or for a second person. */
import { waits } from "../core/actions/limits.ts"
import { any_object, json, operation, pathParameter, queryParameter } from "./openapi-parts.ts"

/** The query parameter of actions that can be waited for. */
export const wait_parameter = queryParameter(
  "wait",
  "Seconds to wait until it has happened. The answer then has `wait`, a row for each id: confirmed, pending or failed, before and after; and `run`. What takes longer than a minute answers 202, and `GET /runs/<run.id>` tells the rest.",
  { type: "integer", minimum: 1, maximum: waits.wait_s_max },
)

/** The routes of runs and approvals. */
export const waitingPaths = (base: string, parameters: readonly object[]) => ({
  [`${base}/runs/{id}`]: {
    get: operation({
      id: "get_run",
      tag: "Catalogue",
      summary: "An action that is waited for longer than its request",
      parameters: [...parameters, pathParameter("id", "`run.id` of the answer.")],
      answer: json(
        "The run as it was seen last: `state` is waiting or done, `wait` has a row for each id.",
        any_object,
      ),
      problems: [401, 404, 503],
    }),
  },
  [`${base}/approvals`]: {
    get: operation({
      id: "list_approvals",
      tag: "Catalogue",
      summary: "Runs that wait for a second person",
      parameters,
      answer: json("What waits, the oldest first.", {
        type: "object",
        properties: { approvals: { type: "array", items: any_object } },
        required: ["approvals"],
      }),
      problems: [401, 403, 503],
    }),
  },
  [`${base}/approvals/{id}`]: {
    post: operation({
      id: "approve",
      tag: "Catalogue",
      summary: "Approve a run that another caller asked for: it is carried out at once",
      parameters: [...parameters, pathParameter("id", "`approval_id` of the problem.")],
      answer: json("The answer of the action.", any_object),
      problems: [400, 401, 403, 404, 409, 422, 429, 502, 503, 504],
    }),
  },
})
