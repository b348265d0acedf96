import { lookupAction } from "../../core/actions/lookup-action.ts"
import { per_call } from "./limits.ts"
import { example_policy, policies_path, policy, policy_ids } from "./policy.ts"

/** `GET /policy/entities/prevention/v1` (falconpy `getPreventionPolicies`). */
export const getPreventionPolicies = lookupAction({
  slug: "get_prevention_policies",
  title: "Get Prevention Policies",
  description: "Retrieves prevention policies with their settings by their ids.",
  ids: policy_ids,
  example_ids: [example_policy],
  resource: policy,
  call: {
    name: "prevention_policies.get",
    method: "GET",
    path: policies_path,
    per_call: per_call.policies,
    scopes: ["Prevention Policies: Read"],
    id_field: "id",
  },
})
