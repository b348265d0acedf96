import { Effect } from "effect"
import { z } from "zod"
import { ArgumentError, defineAction } from "../../core/actions/action.ts"
import { idsArgument } from "../../core/actions/arguments.ts"
import { callByIds } from "../../core/actions/by-ids.ts"
import { per_call } from "../../core/limits.ts"
import { example_policy, policy, policy_ids, policyIdOf, write } from "./policy.ts"

const on_policy = ["enable", "disable"] as const
/** These need to know which group. */
const on_group = ["add-host-group", "remove-host-group", "add-rule-group", "remove-rule-group"] as const
const group_actions: readonly string[] = on_group

/** `POST /policy/entities/prevention-actions/v1` (falconpy `performPreventionPoliciesAction`). */
export const performPreventionPolicyAction = defineAction({
  slug: "perform_prevention_policy_action",
  alias: "perform_prevention_policy_action",
  title: "Perform Prevention Policy Action",
  description:
    "Enables or disables prevention policies, or adds a host group or rule group to them or takes one away. Disabling one changes what protects its hosts.",
  arguments: z.strictObject({
    ids: idsArgument(policy_ids),
    action_name: z.enum([...on_policy, ...on_group]).describe("What to do. Group actions need `group_id`."),
    group_id: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .optional()
      .describe("The host group or rule group; for the four group actions, and only for them."),
  }),
  resource: policy,
  example: { ids: [example_policy], action_name: "disable" },
  scopes: write,
  changes: true,
  destructive: true,
  idempotent: true,
  per_call: per_call.policies,
  run: ({ ids, action_name, group_id }) =>
    Effect.gen(function* () {
      const needs_group = group_actions.includes(action_name)
      if (needs_group !== (group_id !== undefined)) {
        const message = needs_group ? `required for ${action_name}` : `${action_name} takes no group`
        return yield* new ArgumentError({ field: "group_id", message })
      }
      const parameters = group_id === undefined ? {} : { action_parameters: [{ name: "group_id", value: group_id }] }
      return yield* callByIds({
        ids,
        per_call: per_call.policies,
        idOf: policyIdOf,
        operation: (ids) => ({
          name: `prevention_policies.${action_name}`,
          method: "POST",
          path: "/policy/entities/prevention-actions/v1",
          query: { action_name },
          body: { ids, ...parameters },
          idempotent: true,
          scopes: write,
        }),
      })
    }),
})
