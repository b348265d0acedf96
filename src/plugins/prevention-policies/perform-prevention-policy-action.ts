import { Effect } from "effect"
import { z } from "zod"
import { ArgumentError, defineAction } from "../../core/actions/action.ts"
import { callInBulk, idField } from "../../core/actions/bulk.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { per_call as bounds } from "./limits.ts"
import { example_policy, policy, policy_ids, policyIdOf, write } from "./policy.ts"

const on_policy = ["enable", "disable"] as const
/** These need to know which group. */
const on_group = ["add-host-group", "remove-host-group", "add-rule-group", "remove-rule-group"] as const
const group_actions: readonly string[] = on_group

/**
 * What names the group. A name does not work in the other's place (falcon-mcp pull request 540 and issue 530, falconpy issue
 * 1182, PSFalcon `Invoke-FalconPreventionPolicyAction`): "Group action parameters must be provided".
 */
const parameterOf = (action_name: string) => (action_name.endsWith("rule-group") ? "rule_group_id" : "group_id")

type ActionName = (typeof on_policy)[number] | (typeof on_group)[number]

/** What the returned policy shows against the action: Falcon answers some policy actions with a 200 that does nothing (falcon-mcp 540). */
const contradictionOf = (action_name: ActionName, group_id: string | undefined) => (resource: unknown) => {
  const { enabled, groups, ioa_rule_groups } = (resource ?? {}) as Readonly<Record<string, unknown>>
  if (group_id === undefined) {
    const wanted = action_name === "enable"
    return enabled === !wanted ? `Falcon returned the policy still ${wanted ? "disabled" : "enabled"}` : undefined
  }
  const shown = action_name.endsWith("rule-group") ? ioa_rule_groups : groups
  // Go writes an empty list as `null`; one that is absent says nothing.
  const list = shown === null ? [] : shown
  if (!Array.isArray(list)) return undefined
  const is_in = list.some(
    (group) => idKey(typeof group === "string" ? group : (groupIdOf(group) ?? "")) === idKey(group_id),
  )
  if (is_in === action_name.startsWith("add")) return undefined
  return `Falcon returned the policy ${is_in ? "with" : "without"} the group`
}

const groupIdOf = idField("id")

/** `POST /policy/entities/prevention-actions/v1` (falconpy `performPreventionPoliciesAction`): one policy a call (falconpy issue 701). */
export const performPreventionPolicyAction = defineAction({
  slug: "perform_prevention_policy_action",
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
  per_call: bounds.policy_action,
  run: ({ ids, action_name, group_id }, { scopes, idempotent, per_call }) =>
    Effect.gen(function* () {
      const needs_group = group_actions.includes(action_name)
      if (needs_group !== (group_id !== undefined)) {
        const message = needs_group ? `required for ${action_name}` : `${action_name} takes no group`
        return yield* new ArgumentError({ field: "group_id", message })
      }
      const parameters =
        group_id === undefined ? {} : { action_parameters: [{ name: parameterOf(action_name), value: group_id }] }
      return yield* callInBulk({
        ids,
        per_call,
        contradiction: contradictionOf(action_name, group_id),
        idOf: policyIdOf,
        operation: (ids) => ({
          name: `prevention_policies.${action_name}`,
          method: "POST",
          path: "/policy/entities/prevention-actions/v1",
          query: { action_name },
          body: { ids, ...parameters },
          idempotent,
          scopes,
        }),
      })
    }),
})
