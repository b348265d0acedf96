/** What the alert actions share: the entity, and the one call that changes alerts. */
import { z } from "zod"
import { callByIds } from "../../core/actions/by-ids.ts"
import { per_call } from "../../core/limits.ts"

export const example_alert =
  "5ddb0407bef249c19c7a975f17979a1f:ind:0c1fca6d3d7c4c0f8ff0d45ea3cf4c5a:147189326549-10197-4822019"

export const composite_ids = "Composite ids of alerts, as in `composite_id`: `<CID>:ind:<AID>:<n>-<pattern>-<n>`."

interface AlertChange {
  /** For messages and metrics: `alerts.comment`. */
  readonly name: string
  readonly ids: readonly string[]
  readonly action: "append_comment" | "update_status"
  readonly value: string
  readonly idempotent: boolean
}

/**
 * `PATCH /alerts/entities/alerts/v3` (falconpy `PatchEntitiesAlertsV3`, gofalcon `UpdateV3`). Values must be strings. The
 * answer has no resources: an id without an error is done.
 */
export const changeAlerts = ({ name, ids, action, value, idempotent }: AlertChange) =>
  callByIds({
    ids,
    per_call: per_call.alerts,
    operation: (composite_ids) => ({
      name,
      method: "PATCH",
      path: "/alerts/entities/alerts/v3",
      body: { composite_ids, action_parameters: [{ name: action, value }] },
      idempotent,
      scopes: ["Alerts: Write"],
    }),
  })

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
