import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { per_call, policy_args } from "./limits.ts"
import { platform, policies_path, policy, settings, write } from "./policy.ts"
import { sendRows } from "./policy-rows.ts"
import { shownOtherwise } from "./shown-otherwise.ts"

/**
 * gofalcon `PreventionCreatePolicyReqV1`, falconpy `prevention_policy_payload`. A key that they do not have (`enabled`,
 * `prevention_settings`) would be swallowed by Falcon: it is refused here.
 */
const row = z.strictObject({
  name: z.string().trim().min(1).max(255).describe("Its name, which no other policy of the platform may have."),
  platform_name: platform.describe("Cannot be changed afterwards."),
  description: z.string().optional(),
  clone_id: z.string().optional().describe("Id of a policy whose settings it begins with."),
  settings: settings.optional(),
})

/** A name stands for one policy of its platform. */
const keyOf = ({ name, platform_name }: { name?: unknown; platform_name?: unknown }) => `${platform_name}: ${name}`

/** `POST /policy/entities/prevention/v1`, answered with 201 (falconpy `createPreventionPolicies`). */
export const createPreventionPolicies = defineAction({
  slug: "create_prevention_policies",
  title: "Create Prevention Policies",
  description:
    "Creates prevention policies, which start switched off and without host groups. Errors name their row, `resources.<n>`.",
  arguments: z.strictObject({
    resources: z.array(row).min(1).max(policy_args.policy_rows_max).describe("The policies to create."),
  }),
  resource: policy,
  example: { resources: [{ name: "Servers, phase 1", platform_name: "Windows", description: "Detect only" }] },
  scopes: write,
  changes: true,
  destructive: false,
  idempotent: false,
  per_call: per_call.policy_rows,
  run: ({ resources }, facts) =>
    sendRows(facts, {
      rows: resources,
      keyOf,
      keyOfPolicy: (resource) => keyOf((resource ?? {}) as Parameters<typeof keyOf>[0]),
      contradiction: shownOtherwise,
      operation: (rows) => ({
        name: "prevention_policies.create",
        method: "POST",
        path: policies_path,
        body: { resources: rows },
      }),
    }),
})
