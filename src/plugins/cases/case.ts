/** The case entity, the arguments that actions on cases have in common, and the calls. */
import { z } from "zod"
import { idField } from "../../core/actions/bulk.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import { action_args as arg_bounds } from "../../core/actions/limits.ts"
import { type LookupCall, lookupOperation } from "../../core/actions/lookup-action.ts"
import { oneLineText } from "../../core/actions/shared-arguments.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { cases as bounds } from "./limits.ts"

export const read = ["Cases: Read"]
export const write = ["Cases: Write"]

export const example_case = "c0ffee00b1d24e5f9a7c3e21d4b6f801"

const opaque = "The case's `id`, as search_cases gives it: not its `reference_id` (`ABC-1234`), which is for people."

export const caseId = (description = opaque) => oneLineText(arg_bounds.id_chars_max).describe(description)

export const name = oneLineText(bounds.name_chars_max).describe(
  `Its name, at most ${bounds.name_chars_max} characters.`,
)
export const description = z
  .string()
  .trim()
  .max(bounds.description_chars_max)
  .describe(`What it is about, at most ${bounds.description_chars_max} characters.`)
export const severity = z
  .int()
  .min(1)
  .max(100)
  .describe("1 to 100: 1 informational, about 25 low, 50 medium, 75 high, 100 critical.")
export const user_uuid = oneLineText(arg_bounds.id_chars_max).describe("The UUID of the user whom it is assigned to.")
export const template_id = oneLineText(arg_bounds.id_chars_max).describe("The id of the template to apply.")
export const expected_version = z
  .int()
  .min(1)
  .optional()
  .describe(
    "The case's `version` as it was read. When the case was changed since then, nothing is done and the answer is a conflict that tells the version by now.",
  )

export const tags = (verb: string) =>
  z
    .array(oneLineText(bounds.tags_chars_max))
    .min(1)
    .max(bounds.tags_chars_max)
    .refine((all) => all.join("").length <= bounds.tags_chars_max, {
      message: `all tags together may have ${bounds.tags_chars_max} characters`,
    })
    .describe(`Tags to ${verb}. All tags of a case together may have ${bounds.tags_chars_max} characters.`)

/** Ids of evidence; a case takes 100 of all kinds together. */
export const evidenceIds = (what: string) =>
  z.array(oneLineText(arg_bounds.id_chars_max)).min(1).max(bounds.evidence_max).describe(what)

export const alert_ids = "Composite ids of alerts, as in `composite_id`."
export const event_ids = "Ids of LogScale events, as Next-Gen SIEM gives them."

/** An argument that may be left out, under its own description. */
export const orNone = <T extends z.ZodType>(schema: T) => schema.optional().describe(schema.description ?? "")

const user = z.looseObject({ uuid: z.string().nullish(), full_name: z.string().nullish() }).nullish()
const evidence_of_a_kind = z.looseObject({ records: z.array(z.looseObject({})).nullish() }).nullish()

/** A case (gofalcon `SdkCaseVM`). Only what every use of it needs is required. */
export const case_entity = z.looseObject({
  id: z.string().describe("The case's id in every call."),
  reference_id: z.string().nullish().describe("What people call it: `ABC-1234`."),
  cid: z.string().nullish().describe("The customer id."),
  name: z.string().nullish(),
  description: z.string().nullish(),
  status: z.string().nullish().describe("new, in_progress, closed or reopened."),
  severity: z.number().nullish().describe("1 to 100."),
  version: z.number().nullish().describe("Grows with every change; `expected_version` of the next one."),
  tags: z.array(z.string()).nullish(),
  assigned_to: user.describe("Whom it is assigned to."),
  created_by: user,
  created_timestamp: z.string().nullish(),
  updated_timestamp: z.string().nullish(),
  evidence: z
    .looseObject({ alerts: evidence_of_a_kind, events: evidence_of_a_kind, leads: evidence_of_a_kind })
    .nullish()
    .describe("`alerts`, `events`, `leads`, …: each with `records`."),
  read_only: z.looseObject({ is_read_only: z.boolean().nullish() }).nullish(),
})

export const caseIdOf = idField("id")

/** Whether a resource is the case with this id; ids that differ in case only are one. */
export const isCase = (resource: unknown, id: string): boolean => idKey(caseIdOf(resource) ?? "") === idKey(id)

const cases_path = "/cases/entities/cases/v2"

/** `POST /cases/entities/cases/v2` (falconpy `entities_cases_post_v2`): whole cases, in any order. */
export const case_details: LookupCall = {
  name: "cases.get",
  method: "POST",
  path: cases_path,
  per_call: bounds.per_call,
  scopes: read,
  id_field: "id",
}

/** The request that reads these cases. */
export const getOperation = (ids: readonly string[]): Operation => lookupOperation(case_details, ids)

/** `PUT /cases/entities/cases/v2` (falconpy `entities_cases_put_v2`), answered with 201. Twice makes two. */
export const createOperation = (body: Readonly<Record<string, unknown>>): Operation => ({
  name: "cases.create",
  method: "PUT",
  path: cases_path,
  body,
  idempotent: false,
  scopes: write,
})

/**
 * `PATCH /cases/entities/cases/v2` (falconpy `entities_cases_patch_v2`, falcon-mcp). With `expected_version` it must not be repeated: had the
 * first one come through, the second would be told as a conflict with our own change.
 */
export const patchOperation = (id: string, fields: object, version: number | undefined): Operation => ({
  name: "cases.update",
  method: "PATCH",
  path: cases_path,
  body: { id, fields, ...(version !== undefined && { expected_version: version }) },
  idempotent: version === undefined,
  scopes: write,
})

/** The version of a case, when the resource shows one. */
export const versionOf = (resource: unknown): number | undefined => {
  const version = (resource as { readonly version?: unknown } | undefined)?.version
  return typeof version === "number" ? version : undefined
}

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : []

export const tagsOf = (resource: unknown): readonly string[] =>
  texts((resource as { readonly tags?: unknown } | undefined)?.tags)

/** Whether a case shows which tags it has. Go writes an empty list as `null`. */
export const showsTags = (resource: unknown): boolean => {
  const { tags } = Object(resource) as { readonly tags?: unknown }
  return Array.isArray(tags) || tags === null
}

export type EvidenceKind = "alerts" | "events" | "leads"

/** The ids of a case's evidence: a record has an `id`, and the one that it was added by in `selector.id` (gofalcon); both count. */
export const evidenceOf = (resource: unknown, kind: EvidenceKind): readonly string[] => {
  const { evidence } = (resource ?? {}) as { readonly evidence?: Partial<Record<EvidenceKind, { records?: unknown }>> }
  const records = evidence?.[kind]?.records
  if (!Array.isArray(records)) return []
  return (records as readonly ({ id?: unknown; selector?: { id?: unknown } } | null)[]).flatMap((one) =>
    texts([one?.id, one?.selector?.id]),
  )
}
