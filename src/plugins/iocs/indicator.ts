/** The indicator entity, and the calls that read and change indicators. */
import { z } from "zod"
import { type LookupCall, lookupOperation } from "../../core/actions/lookup-action.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { canonicalValue, ioc_types } from "./ioc-value.ts"
import { iocs } from "./limits.ts"

const indicators_path = "/iocs/entities/indicators/v1"

export const read = ["IOC Management: Read"]
export const write = ["IOC Management: Write"]
/** Scopes of actions that read indicators before they change them. */
export const read_write = [...read, ...write]

/** Marks an indicator as ours, as its `source` and as a tag; Sekoia's Python module uses the same word. */
export const ours = "Sekoia.io"

export const indicator_ids = "Ids of indicators: 64 hex digits."
export const example_indicator = "4a7730141b08cfb2e6057f94756f5387522b99d7f156193e8a870170c43a43e3"

/** PSFalcon, falcon-mcp */
export const platforms = ["mac", "windows", "linux"] as const
export const severities = ["informational", "low", "medium", "high", "critical"] as const
export const actions = ["no_action", "allow", "detect", "prevent", "prevent_no_ui"] as const

/** gofalcon `APIIndicatorV1` */
export const indicator = z.looseObject({
  id: z.string(),
  type: z.string().nullish(),
  value: z.string().nullish(),
  action: z.string().nullish(),
  severity: z.string().nullish(),
  source: z.string().nullish(),
  description: z.string().nullish(),
  platforms: z.array(z.string()).nullish(),
  tags: z.array(z.string()).nullish(),
  host_groups: z.array(z.string()).nullish(),
  applied_globally: z.boolean().nullish(),
  expiration: z.string().nullish(),
  expired: z.boolean().nullish(),
  deleted: z.boolean().nullish(),
  from_parent: z.boolean().nullish().describe("Belongs to the parent customer and cannot be changed here."),
  created_by: z.string().nullish(),
  created_on: z.string().nullish(),
  modified_by: z.string().nullish(),
  modified_on: z.string().nullish(),
})

export type Indicator = z.output<typeof indicator>

/** The fields of an indicator that are of another type than documented. */
export const unreadFields = (resource: unknown): readonly string[] => {
  const { error } = indicator.safeParse(resource)
  return [...new Set(error?.issues.map(({ path }) => String(path[0] ?? "id")))]
}

/** An indicator is there by its id alone; a field of another type than documented is left out of it. */
export const indicatorOf = (resource: unknown): Indicator | undefined => {
  const unread = unreadFields(resource)
  if (unread.length === 0) return resource as Indicator
  if (unread.includes("id")) return undefined
  return Object.fromEntries(Object.entries(resource as object).filter(([key]) => !unread.includes(key))) as Indicator
}

/** Falcon keeps one indicator per type and value. A value counts in its canonical form, however Falcon writes it back. */
export const keyOf = ({ type, value }: { readonly type?: unknown; readonly value?: unknown }): string => {
  const kind = String(type).toLowerCase()
  return `${kind}:${canonicalValue(kind, String(value))}`
}

/** Whether an indicator is ours. Only these are ever deleted without being named, whatever filter found them. */
export const isOurs = ({ source }: Pick<Indicator, "source">): boolean => source === ours

/** What an action says about one indicator. */
export const row = z.object({
  type: z.enum(ioc_types).optional(),
  value: z.string().optional(),
  stix_id: z.string().optional().describe("The STIX object that it comes from."),
  outcome: z.enum(["created", "updated", "deleted", "skipped"]),
  reason: z.string().optional().describe("Why it was skipped, or what else should be known."),
  id: z.string().optional().describe("The indicator's id in Falcon, when Falcon said it."),
})

export type Row = z.output<typeof row>

/** `POST /iocs/entities/indicators/v1` (falconpy `indicator_create_v1`). A flag goes into the query, not into the rows. */
export const createOperation = (indicators: readonly unknown[], comment?: string): Operation => ({
  ...writing("create", indicators, comment),
  method: "POST",
  idempotent: false,
})

/** `PATCH /iocs/entities/indicators/v1` (falconpy `indicator_update_v1`). Type and value cannot be changed. */
export const updateOperation = (indicators: readonly unknown[], comment?: string): Operation => ({
  ...writing("update", indicators, comment),
  method: "PATCH",
  idempotent: true,
})

const writing = (verb: string, indicators: readonly unknown[], comment: string | undefined) => ({
  name: `iocs.${verb}`,
  path: indicators_path,
  query: { ignore_warnings: true },
  body: { ...(comment !== undefined && { comment }), indicators },
  scopes: write,
})

/** Of an action that writes indicators: falconpy's and PSFalcon's `retrodetects`. Falcon's own way when left out. */
export const retrodetects = z
  .boolean()
  .optional()
  .describe("Whether hosts that have seen an indicator before raise detections now, too.")

/** A call that writes, with the wish for detections of the past. */
export const withRetrodetects = (operation: Operation, wanted: boolean | undefined): Operation => ({
  ...operation,
  query: { ...operation.query, retrodetects: wanted },
})

/** `DELETE /iocs/entities/indicators/v1?ids=…`, answered with the deleted ids. Never by filter, which would win over ids. */
export const deleteOperation = (ids: readonly string[], comment?: string): Operation => ({
  name: "iocs.delete",
  method: "DELETE",
  path: indicators_path,
  query: { ids, comment },
  idempotent: true,
  scopes: write,
})

/** `GET /iocs/entities/indicators/v1?ids=…` (falconpy `indicator_get_v1`). */
export const indicator_details: LookupCall = {
  name: "iocs.get",
  method: "GET",
  path: indicators_path,
  per_call: iocs.ids_per_call,
  scopes: read,
  id_field: "id",
}

/** `GET /iocs/entities/actions/v1?ids=…` (falconpy `action_get_v1`). */
export const action_details: LookupCall = {
  ...indicator_details,
  name: "iocs.actions",
  path: "/iocs/entities/actions/v1",
}

/** The request that reads these indicators. */
export const getOperation = (ids: readonly string[]): Operation => lookupOperation(indicator_details, ids)

/** `GET /iocs/combined/indicator/v1`: whole indicators by filter; pages are linked by `after`. */
export const findOperation = (filter: string | undefined, limit?: number): Operation => ({
  name: "iocs.find",
  method: "GET",
  path: "/iocs/combined/indicator/v1",
  query: { filter, limit },
  idempotent: true,
  scopes: read,
})
