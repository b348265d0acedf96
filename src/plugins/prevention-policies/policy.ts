/** The prevention policy entity, and descriptions that several actions on policies use. */
import { z } from "zod"
import { idField } from "../../core/actions/bulk.ts"

export const policies_path = "/policy/entities/prevention/v1"
export const policy_ids = "Ids of prevention policies: 32 hex digits."
export const example_policy = "7b1e7a4f0e8d4d5c9c8a2f4be2f0d3a1"

export const write = ["Prevention Policies: Write"]

/** falconpy, gofalcon */
export const platform = z.enum(["Windows", "Mac", "Linux"])

/** gofalcon `PreventionSettingReqV1`. A toggle's value is `{enabled}`, a slider's `{detection, prevention}` from DISABLED to EXTRA_AGGRESSIVE (gofalcon, caracara). */
export const settings = z
  .array(z.strictObject({ id: z.string().min(1), value: z.looseObject({}) }))
  .describe("Settings by id: `{enabled: true}` for a toggle, `{detection, prevention}` for a slider.")

/** gofalcon `PreventionPolicyV1` */
export const policy = z.looseObject({
  id: z.string(),
  cid: z.string().nullish().describe("The customer id."),
  name: z.string().nullish(),
  description: z.string().nullish(),
  platform_name: z.string().nullish().describe("Windows, Mac or Linux."),
  enabled: z.boolean().nullish(),
  groups: z.array(z.looseObject({})).nullish().describe("The host groups it applies to."),
  ioa_rule_groups: z.array(z.looseObject({})).nullish(),
  prevention_settings: z
    .array(z.looseObject({ name: z.string().nullish(), settings: z.array(z.looseObject({})).nullish() }))
    .nullish()
    .describe("Settings by category, each with id, name, type and value."),
  created_by: z.string().nullish(),
  created_timestamp: z.string().nullish(),
  modified_by: z.string().nullish(),
  modified_timestamp: z.string().nullish(),
})

export const policyIdOf = idField("id")
