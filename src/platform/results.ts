/** What an action answers to a playbook: `results` of the runtime protocol, and the schema that the catalogue writes of it. */
import { z } from "zod"
import { type AnyAction, row_error } from "../core/actions/action.ts"
import { type ActionResponse, action_response } from "../core/actions/response.ts"
import { identityOf } from "./identity.ts"

/** A run that ended with a failure has no results; a dry run is not asked for. */
const common = z.object({
  outcome: z.enum(["success", "partial"]).describe("`partial`: something failed or is unconfirmed, see `errors`."),
  counts: action_response.shape.counts,
  errors: z.array(row_error),
  warnings: action_response.shape.warnings,
  trace_ids: action_response.shape.trace_ids,
  request_id: action_response.shape.request_id,
})

/** The key of what was found or changed: that of the Python module where it had one. */
export const resultsKey = ({ alias }: AnyAction): string => identityOf(alias).results_key ?? "resources"

/** The schema of `results`. */
export const resultsOf = (action: AnyAction): z.ZodObject =>
  common.extend({
    [resultsKey(action)]: z.array(action.resource).describe("What was found or changed."),
    total: z.int().nonnegative().exactOptional().describe("Of a search: how many there are in all."),
    next: z
      .string()
      .exactOptional()
      .describe("Of a search that did not come to the end: the `offset` of the next call."),
  })

/** The results of a run that did something. `offset` is text on the platform, and so is `next`. */
export const toResults = (action: AnyAction, answer: ActionResponse): Readonly<Record<string, unknown>> => {
  const { outcome, counts, errors, warnings, trace_ids, request_id, results } = answer
  const { resources, total, next } = "resources" in results ? results : { resources: [] }
  return {
    outcome,
    counts,
    errors,
    ...(warnings !== undefined && { warnings }),
    trace_ids,
    request_id,
    [resultsKey(action)]: resources,
    ...(total !== undefined && { total }),
    ...(next !== undefined && { next: String(next) }),
  }
}
