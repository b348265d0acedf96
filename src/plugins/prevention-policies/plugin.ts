/** Prevention policies: looked up, created, changed, switched on and off, deleted. */
import { z } from "zod"
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
  actions: [
    getPreventionPolicies,
    createPreventionPolicies,
    updatePreventionPolicies,
    deletePreventionPolicies,
    performPreventionPolicyAction,
  ],
})
