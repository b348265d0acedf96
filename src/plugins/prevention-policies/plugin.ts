/** Prevention policies: looked up, created, changed, switched on and off, deleted. */
import { z } from "zod"
import { readCheck, writeCheck } from "../../core/check/scope-check.ts"
import { definePlugin } from "../../core/plugin.ts"
import { createPreventionPolicies } from "./create-prevention-policies.ts"
import { deletePreventionPolicies } from "./delete-prevention-policies.ts"
import { getPreventionPolicies } from "./get-prevention-policies.ts"
import { performPreventionPolicyAction } from "./perform-prevention-policy-action.ts"
import { updatePreventionPolicies } from "./update-prevention-policies.ts"

export const preventionPolicies = definePlugin({
  id: "prevention-policies",
  title: "Looks up, creates, changes, switches and deletes prevention policies.",
  enabled_by_default: true,
  config: z.strictObject({}),
  checks: () => [
    readCheck("Prevention Policies: Read", {
      method: "GET",
      path: "/policy/queries/prevention/v1",
      query: { limit: 1 },
    }),
    writeCheck("Prevention Policies: Write", {
      method: "POST",
      path: "/policy/entities/prevention-actions/v1",
      body: { ids: [] },
    }),
  ],
  actions: [
    getPreventionPolicies,
    createPreventionPolicies,
    updatePreventionPolicies,
    deletePreventionPolicies,
    performPreventionPolicyAction,
  ],
})
