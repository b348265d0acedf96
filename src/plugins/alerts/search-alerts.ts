import { Effect } from "effect"
import { z } from "zod"
import { defineAction, outcomeOfList } from "../../core/actions/action.ts"
import { fqlFilter, limitArgument, offsetArgument } from "../../core/actions/shared-arguments.ts"
import { Falcon } from "../../core/falcon/client.ts"
import { alert } from "./alert.ts"
import { per_call } from "./limits.ts"

const scopes = ["Alerts: Read"]

/** falconpy documents `property|direction`; the other way of writing it is taken as well. */
const sort = z
  .string()
  .trim()
  .regex(/^\w{1,64}([.|](asc|desc))?$/i, "a property and a direction, such as created_timestamp|desc")
  .transform((text) => text.replace(".", "|"))
  .optional()
  .describe("A property and a direction: `created_timestamp|desc` or `created_timestamp.desc`.")

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
    Effect.gen(function* () {
      const falcon = yield* Falcon
      const pages = yield* falcon.pages(
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
      )
      const { resources, errors, trace_ids, calls: _, ...more } = pages
      return outcomeOfList(resources, errors, trace_ids, more)
    }),
})
