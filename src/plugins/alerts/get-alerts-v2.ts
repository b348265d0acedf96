import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { idsArgument } from "../../core/actions/arguments.ts"
import { callByIds } from "../../core/actions/by-ids.ts"
import { per_call } from "../../core/limits.ts"
import { alert, composite_ids, example_alert } from "./alert.ts"

const scopes = ["Alerts: Read"]
const compositeIdOf = (resource: unknown) => alert.safeParse(resource).data?.composite_id

/** `POST /alerts/entities/alerts/v2` (falconpy `PostEntitiesAlertsV2`, gofalcon `GetV2`). Hidden alerts are included. */
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
  run: ({ ids }) =>
    callByIds({
      ids,
      per_call: per_call.alerts,
      idOf: compositeIdOf,
      operation: (composite_ids) => ({
        name: "alerts.get",
        method: "POST",
        path: "/alerts/entities/alerts/v2",
        body: { composite_ids },
        idempotent: true,
        scopes,
      }),
    }),
})
