/** Looks up alerts, comments on them and moves them through their statuses. */
import { z } from "zod"
import { readCheck, writeCheck } from "../../core/check/scope-check.ts"
import { definePlugin } from "../../core/plugin.ts"
import { addNewCommentToAlert } from "./add-new-comment-to-alert.ts"
import { getAlertsV2 } from "./get-alerts-v2.ts"
import { searchAlerts } from "./search-alerts.ts"
import { updateAlertStatus } from "./update-alert-status.ts"
import { updateAlerts } from "./update-alerts.ts"

export const alerts = definePlugin({
  id: "alerts",
  title: "Finds alerts, looks them up, comments on them, sets status, assignee, tags and visibility.",
  enabled_by_default: true,
  config: z.strictObject({}),
  checks: () => [
    readCheck("Alerts: Read", { method: "GET", path: "/alerts/queries/alerts/v2", query: { limit: 1 } }),
    writeCheck("Alerts: Write", {
      method: "PATCH",
      path: "/alerts/entities/alerts/v3",
      body: { composite_ids: [], action_parameters: [] },
    }),
  ],
  actions: [addNewCommentToAlert, updateAlertStatus, getAlertsV2, updateAlerts, searchAlerts],
})
