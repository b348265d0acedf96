import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { per_call } from "../../core/limits.ts"
import { alert, alertsOperation, callOnAlerts, composite_ids, compositeIdOf, example_alert } from "./alert.ts"

const scopes = ["Alerts: Read"]

export const getAlertsV2 = defineAction({
  slug: "get_alerts_v2",
  alias: "get_alerts_v2",
  title: "Get Alerts V2",
  description: "Retrieves alerts by their composite ids, hidden ones included.",
  arguments: z.strictObject({ ids: idsArgument(composite_ids) }),
  resource: alert,
  example: { ids: [example_alert] },
  scopes,
  changes: false,
  destructive: false,
  idempotent: true,
  per_call: per_call.alerts,
  run: ({ ids }) => callOnAlerts({ ids, idOf: compositeIdOf, operation: alertsOperation }),
})
