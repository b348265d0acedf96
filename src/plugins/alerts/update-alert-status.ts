import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { changeAlerts, composite_ids, example_alert } from "./alert.ts"
import { per_call } from "./limits.ts"

/** The action `update_status`; verdicts (true_positive, …) are tags, not statuses (falcon-mcp). */
export const updateAlertStatus = defineAction({
  slug: "update_alert_status",
  alias: "alert_update_status",
  title: "Update alert status",
  description: "Sets the status of alerts.",
  arguments: z.strictObject({
    ids: idsArgument(composite_ids),
    new_status: z.enum(["new", "in_progress", "closed", "reopened"]).describe("The status to set."),
  }),
  resource: z.unknown().describe("Falcon returns no alerts here: see `errors` for the ids that failed."),
  example: { ids: [example_alert], new_status: "in_progress" },
  scopes: ["Alerts: Write"],
  changes: true,
  destructive: false,
  idempotent: true,
  per_call: per_call.alerts,
  run: ({ ids, new_status }, facts) =>
    changeAlerts({ ...facts, name: "alerts.status", ids, parameters: [{ name: "update_status", value: new_status }] }),
})
