import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { searchOutcome } from "../../core/actions/search-outcome.ts"
import { fqlFilter, limitArgument, offsetArgument, sortArgument } from "../../core/actions/shared-arguments.ts"
import { alert } from "./alert.ts"
import { per_call } from "./limits.ts"

const scopes = ["Alerts: Read"]

/** falconpy documents `property|direction`. */
const sort = sortArgument("created_timestamp|desc", "|")

/** `POST /alerts/combined/alerts/v1` (falconpy `PostCombinedAlertsV1`): whole alerts, 1000 a page, linked by `after`, without end. */
export const searchAlerts = defineAction({
  slug: "search_alerts",
  title: "Search alerts",
  description:
    "Finds alerts by status, severity, host, tactic and so on, and retrieves them whole. `total` tells how many match, `next` how to go on.",
  arguments: z.strictObject({
    filter: fqlFilter("status:'new'+severity:>=70"),
    sort,
    limit: limitArgument(),
    offset: offsetArgument("Where to begin: the `next` of an earlier answer."),
  }),
  resource: alert,
  example: { filter: "status:'new'+severity:>=70", sort: "created_timestamp|desc", limit: 50 },
  scopes,
  changes: false,
  destructive: false,
  idempotent: true,
  run: ({ filter, sort, limit, offset }) =>
    searchOutcome(
      {
        name: "alerts.search",
        method: "POST",
        path: "/alerts/combined/alerts/v1",
        body: {
          ...(filter !== undefined && { filter }),
          ...(sort !== undefined && { sort }),
          ...(offset !== undefined && { after: offset }),
        },
        idempotent: true,
        scopes,
      },
      { limit, page_size: per_call.alerts },
    ),
})
