import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { type BulkCall, callInBulk } from "../../core/actions/bulk.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { deleteOperation, example_indicator, indicator_ids, write } from "./indicator.ts"
import { iocs } from "./limits.ts"

/**
 * Deletes by ids, as many as fit into a URL at once. The answer's `resources`, which gofalcon's model `APIIndicatorQueryRespV1`
 * requires, are the deleted ids (falconpy, PSFalcon). What becomes of an id that is unknown is not documented, so that one
 * which is neither there nor in an error counts as failed.
 */
export const deletion = (ids: readonly string[]): BulkCall => ({
  ids,
  per_call: iocs.ids_per_call,
  in_query: true,
  operation: deleteOperation,
  missing: "it is not among those that Falcon deleted: unknown, gone already, or still there",
  idOf: (resource) => (typeof resource === "string" ? resource : undefined),
})

export const deleteIndicators = defineAction({
  slug: "delete_indicators",
  alias: "ioc_delete_indicators",
  title: "Delete Indicators",
  description: "Deletes indicators. They stop detecting and blocking at once.",
  arguments: z.strictObject({ ids: idsArgument(indicator_ids) }),
  resource: z.string().describe("The id of a deleted indicator."),
  example: { ids: [example_indicator] },
  scopes: write,
  changes: true,
  destructive: true,
  idempotent: true,
  per_call: iocs.ids_per_call,
  run: ({ ids }) => callInBulk(deletion(ids)),
})
