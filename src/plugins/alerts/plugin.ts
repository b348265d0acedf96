/** Looks up alerts, comments on them and moves them through their statuses. */
import { z } from "zod"
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
  actions: [addNewCommentToAlert, updateAlertStatus, getAlertsV2, updateAlerts, searchAlerts],
})
