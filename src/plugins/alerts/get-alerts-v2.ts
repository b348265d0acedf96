import { lookupAction } from "../../core/actions/lookup-action.ts"
import { alert, alert_details, callOnAlerts, composite_ids, example_alert } from "./alert.ts"

export const getAlertsV2 = lookupAction({
  slug: "get_alerts_v2",
  title: "Get Alerts V2",
  description: "Retrieves alerts by their composite ids, hidden ones included.",
  ids: composite_ids,
  example_ids: [example_alert],
  resource: alert,
  call: alert_details,
  send: callOnAlerts,
})
