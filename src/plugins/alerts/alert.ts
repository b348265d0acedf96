/** The alert entity, and the calls that read and change alerts. */
import { Effect } from "effect"
import { z } from "zod"
import { ArgumentError, type CallFacts, type Outcome, type RowError } from "../../core/actions/action.ts"
import { type BulkCall, callInBulk } from "../../core/actions/bulk.ts"
import { withErrors } from "../../core/actions/error-priority.ts"
import { type LookupCall, readIdsBack } from "../../core/actions/lookup-action.ts"
import type { Falcon } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { fieldsOf, type JsonObject } from "../../core/json-object.ts"
import { per_call } from "./limits.ts"

export const example_alert =
  "5ddb0407bef249c19c7a975f17979a1f:ind:0c1fca6d3d7c4c0f8ff0d45ea3cf4c5a:147189326549-10197-4822019"

export const composite_ids = "Composite ids of alerts, as in `composite_id`: `<CID>:ind:<AID>:<n>-<pattern>-<n>`."

/** One of the changes that a call may carry. Values are texts, also of what is true or false (falcon-mcp pull request 439). */
export interface AlertParameter {
  readonly name:
    | "append_comment"
    | "update_status"
    | "add_tag"
    | "remove_tag"
    | "assign_to_uuid"
    | "assign_to_user_id"
    | "assign_to_name"
    | "unassign"
    | "show_in_ui"
  readonly value: string
}

interface AlertChange extends CallFacts {
  /** For messages and metrics: `alerts.comment`. */
  readonly name: string
  readonly ids: readonly string[]
  readonly parameters: readonly AlertParameter[]
}

/** Whether it is an id of the Detects API, which alerts have replaced. One of them fails a whole call (demisto/content issue 37854). */
const isOld = (id: string): boolean => id.toLowerCase().startsWith("ldt:")
const old_id =
  "an id of the old Detects API (`ldt:…`), which alerts have replaced: give the alert's `composite_id`, `<CID>:ind:<AID>:…`"

/** A bulk call on alerts. Ids of the old Detects API are refused before anything is sent. */
export const callOnAlerts = Effect.fnUntraced(function* (
  options: BulkCall,
): Effect.fn.Return<Outcome, FalconError | ArgumentError, Falcon> {
  const { ids } = options
  const refused = [...new Set(ids.filter(isOld))].map((id): RowError => ({ id, code: 400, message: old_id }))
  const rest = ids.filter((id) => !isOld(id))
  if (rest.length === 0) {
    const fields = ids.map((_, at) => ({ field: `ids.${at}`, message: old_id }))
    return yield* new ArgumentError({ ...fields[0]!, more: fields.slice(1) })
  }
  const called = callInBulk({ ...options, ids: rest })
  if (refused.length === 0) return yield* called
  const outcome = yield* Effect.mapError(called, (error) =>
    error.reason === "rejected" ? withErrors(error, [...refused, ...error.errors]) : error,
  )
  return {
    ...outcome,
    errors: [...refused, ...outcome.errors],
    requested: outcome.requested + refused.length,
    failed: outcome.failed + refused.length,
  }
})

/** `POST /alerts/entities/alerts/v2` (falconpy `PostEntitiesAlertsV2`, gofalcon `GetV2`). Hidden alerts are included. */
export const alert_details: LookupCall = {
  name: "alerts.get",
  method: "POST",
  path: "/alerts/entities/alerts/v2",
  ids_key: "composite_ids",
  per_call: per_call.alerts,
  scopes: ["Alerts: Read"],
  id_field: "composite_id",
}

/**
 * `PATCH /alerts/entities/alerts/v3` (falconpy `PatchEntitiesAlertsV3`, gofalcon `UpdateV3`, PSFalcon `Invoke-FalconAlertAction`:
 * the names of the changes). The answer has no resources; what was done stands in `meta.writes.resources_affected` (falcon-mcp, and
 * Splunk's app, which calls it `alerts_affected`). A change that alerts show is read
 * back for the ids that the answer leaves unconfirmed.
 */
export const changeAlerts = ({ name, ids, parameters, idempotent, scopes, per_call }: AlertChange) =>
  callOnAlerts({
    ids,
    per_call,
    ...(parameters.every(isShown) && { lookAgain: (open) => readIdsBack(alert_details, open, seenAs(parameters)) }),
    operation: (composite_ids) => ({
      name,
      method: "PATCH",
      path: "/alerts/entities/alerts/v3",
      body: { composite_ids, action_parameters: parameters },
      idempotent,
      scopes,
    }),
  })

/** What an alert shows of a change; an assignment is shown in other words than it is asked for. */
const shown: Readonly<Partial<Record<AlertParameter["name"], (alert: JsonObject, value: string) => boolean>>> = {
  update_status: ({ status }, value) => status === value,
  add_tag: ({ tags }, value) => Array.isArray(tags) && tags.includes(value),
  remove_tag: ({ tags }, value) => Array.isArray(tags) && !tags.includes(value),
  show_in_ui: ({ show_in_ui }, value) => String(show_in_ui) === value,
}

const isShown = ({ name }: AlertParameter): boolean => shown[name] !== undefined

/** An alert that is as wanted by now. */
const seenAs = (parameters: readonly AlertParameter[]) => (resource: unknown) =>
  parameters.every(({ name, value }) => shown[name]?.(fieldsOf(resource), value) === true)
    ? { done: undefined }
    : undefined

/**
 * An alert (gofalcon `DetectsAlert`). The model requires fifty keys, real alerts leave many out: an automated lead has 26 and
 * no severity (elastic/integrations, samples).
 */
export const alert = z.looseObject({
  composite_id: z.string().describe("The alert's id in every call."),
  id: z.string().nullish().describe("The composite id without the CID."),
  aggregate_id: z.string().nullish().describe("Groups alerts of one activity."),
  cid: z.string().nullish().describe("The customer id."),
  agent_id: z.string().nullish().describe("AID of the host."),
  product: z.string().nullish().describe("What raised it: epp, idp, overwatch, …"),
  type: z.string().nullish().describe("The kind of alert: ldt, ods, automated-lead, …"),
  name: z.string().nullish(),
  display_name: z.string().nullish(),
  description: z.string().nullish(),
  status: z.string().nullish().describe("new, in_progress, reopened or closed."),
  severity: z.number().nullish().describe("0 to 100."),
  severity_name: z.string().nullish(),
  confidence: z.number().nullish().describe("0 to 100."),
  tactic: z.string().nullish(),
  tactic_id: z.string().nullish(),
  technique: z.string().nullish(),
  technique_id: z.string().nullish(),
  objective: z.string().nullish(),
  scenario: z.string().nullish(),
  timestamp: z.string().nullish().describe("When it happened."),
  created_timestamp: z.string().nullish(),
  updated_timestamp: z.string().nullish(),
  user_name: z.string().nullish(),
  filename: z.string().nullish(),
  filepath: z.string().nullish(),
  cmdline: z.string().nullish(),
  sha256: z.string().nullish(),
  md5: z.string().nullish(),
  process_id: z.string().nullish().describe("A string here, a number in the event stream."),
  triggering_process_graph_id: z.string().nullish().describe("`pid:<AID>:<n>`"),
  device: z.looseObject({}).nullish().describe("The host as it was then."),
  parent_details: z.looseObject({}).nullish().describe("The parent process."),
  assigned_to_name: z.string().nullish(),
  assigned_to_uid: z.string().nullish(),
  comments: z.array(z.looseObject({})).nullish(),
  tags: z.array(z.string()).nullish().describe("Verdicts such as true_positive are tags."),
  linked_case_ids: z.array(z.string()).nullish(),
  falcon_host_link: z.string().nullish().describe("Opens the alert in Falcon's console"),
})
