import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { callInBulk } from "../../core/actions/bulk.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { per_call as bounds } from "./limits.ts"
import { example_policy, policies_path, policy_ids, write } from "./policy.ts"

/**
 * `DELETE /policy/entities/prevention/v1` (falconpy `deletePreventionPolicies`). The answer's `resources`, which gofalcon's
 * model `MsaQueryResponse` requires, are ids: taken for those that were deleted. What becomes of an id that is unknown is not
 * documented, so that one which is neither there nor in an error counts as failed. Falcon refuses policies that are enabled, and the Default ones (falcon-mcp).
 */
export const deletePreventionPolicies = defineAction({
  slug: "delete_prevention_policies",
  title: "Delete Prevention Policies",
  description: "Deletes prevention policies. One that is enabled has to be disabled first; Default policies stay.",
  arguments: z.strictObject({ ids: idsArgument(policy_ids) }),
  resource: z.string().describe("The id of a policy that is gone."),
  example: { ids: [example_policy] },
  scopes: write,
  changes: true,
  destructive: true,
  idempotent: true,
  per_call: bounds.policies,
  run: ({ ids }, { scopes, idempotent, per_call }) =>
    callInBulk({
      ids,
      per_call,
      in_query: true,
      missing: "it is not among those that Falcon deleted: unknown, gone already, or still there",
      idOf: (resource) => (typeof resource === "string" ? resource : undefined),
      operation: (ids) => ({
        name: "prevention_policies.delete",
        method: "DELETE",
        path: policies_path,
        query: { ids },
        idempotent,
        scopes,
      }),
    }),
})
