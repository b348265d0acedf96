import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { per_call, policy_args } from "./limits.ts"
import { example_policy, policies_path, policy, policy_ids, policyIdOf, settings, write } from "./policy.ts"
import { sendRows } from "./policy-rows.ts"
import { shownOtherwise } from "./shown-otherwise.ts"

/**
 * gofalcon `PreventionUpdatePolicyReqV1`, whose model asks for `settings` as well; falconpy `prevention_policy_payload`. A key
 * that they do not have (`enabled`, `prevention_settings`) would be swallowed by Falcon: it is refused here.
 */
const row = z.strictObject({
  id: z.string().trim().min(1).max(200).describe(policy_ids),
  name: z.string().trim().min(1).max(255).optional(),
  description: z.string().optional(),
  settings: settings.optional(),
})

/** `PATCH /policy/entities/prevention/v1` (falconpy `updatePreventionPolicies`). What a row sets is set, however often. */
export const updatePreventionPolicies = defineAction({
  slug: "update_prevention_policies",
  title: "Update Prevention Policies",
  description:
    "Changes name, description or settings of prevention policies; what was set before is not kept. Errors name their row, `resources.<n>`.",
  arguments: z.strictObject({
    resources: z
      .array(row)
      .min(1)
      .max(policy_args.policy_rows_max)
      .describe("The changes, each with the id of its policy."),
  }),
  resource: policy,
  example: {
    resources: [{ id: example_policy, settings: [{ id: "CloudAntiMalware", value: { detection: "MODERATE" } }] }],
  },
  scopes: write,
  changes: true,
  destructive: true,
  idempotent: true,
  per_call: per_call.policy_rows,
  run: ({ resources }, facts) =>
    sendRows(facts, {
      rows: resources,
      keyOf: ({ id }) => id,
      keyOfPolicy: policyIdOf,
      contradiction: shownOtherwise,
      operation: (rows) => ({
        name: "prevention_policies.update",
        method: "PATCH",
        path: policies_path,
        body: { resources: rows },
      }),
    }),
})
