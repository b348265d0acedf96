import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { callByIds } from "../../core/actions/bulk.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { per_call } from "../../core/limits.ts"
import { example_policy, policies_path, policy, policy_ids, policyIdOf, read } from "./policy.ts"

/** `GET /policy/entities/prevention/v1` (falconpy `getPreventionPolicies`). */
export const getPreventionPolicies = defineAction({
  slug: "get_prevention_policies",
  alias: "get_prevention_policies",
  title: "Get Prevention Policies",
  description: "Retrieves prevention policies with their settings by their ids.",
  arguments: z.strictObject({ ids: idsArgument(policy_ids) }),
  resource: policy,
  example: { ids: [example_policy] },
  scopes: read,
  changes: false,
  destructive: false,
  idempotent: true,
  per_call: per_call.policies,
  run: ({ ids }) =>
    callByIds({
      ids,
      per_call: per_call.policies,
      in_query: true,
      idOf: policyIdOf,
      operation: (ids) => ({
        name: "prevention_policies.get",
        method: "GET",
        path: policies_path,
        query: { ids },
        idempotent: true,
        scopes: read,
      }),
    }),
})
