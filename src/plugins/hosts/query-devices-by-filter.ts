import { Effect } from "effect"
import { z } from "zod"
import { defineAction, outcomeOfList } from "../../core/actions/action.ts"
import { fqlFilter, limitArgument, offsetArgument } from "../../core/actions/shared-arguments.ts"
import { Falcon } from "../../core/falcon/client.ts"
import { read } from "./device.ts"
import { per_call } from "./limits.ts"

/** `hostname|asc` is in the specification and in the wild, `hostname.asc` is what falconpy documents: the latter is sent. */
const sort = z
  .string()
  .trim()
  .regex(/^\w{1,64}([.|](asc|desc))?$/i, "a property and a direction, such as hostname|asc")
  .transform((text) => text.replace("|", "."))
  .optional()
  .describe("A property and a direction: `hostname|asc` or `hostname.asc`.")

/** Pages of one size that end where `limit` does, or a few beyond: only at a page's end does Falcon tell how to go on. */
const pageSize = (limit: number): number => Math.ceil(limit / Math.ceil(limit / per_call.hosts_page))

/**
 * `GET /devices/queries/devices-scroll/v1` (falconpy `QueryDevicesByFilterScroll`): pages of up to 10,000 AIDs, linked by a
 * text that is good for two minutes, and no end to how far it goes; the query by number stops at 10,000 hosts.
 */
export const queryDevicesByFilter = defineAction({
  slug: "query_devices_by_filter",
  title: "Query Devices By Filter",
  description:
    "Finds hosts by platform, hostname, address and so on; gives their AIDs, for get_device_details. `total` tells how many match, `next` how to go on.",
  arguments: z.strictObject({
    filter: fqlFilter("platform_name:'Windows'+hostname:'web*'"),
    sort,
    limit: limitArgument(),
    offset: offsetArgument("Where to begin: the `next` of an earlier answer, within two minutes."),
  }),
  resource: z.string().describe("An AID."),
  example: { filter: "platform_name:'Windows'", sort: "hostname|asc", limit: 500 },
  scopes: read,
  changes: false,
  destructive: false,
  idempotent: true,
  run: ({ filter, sort, limit, offset }, { scopes, idempotent }) =>
    Effect.gen(function* () {
      const falcon = yield* Falcon
      const pages = yield* falcon.pages(
        {
          name: "hosts.query",
          method: "GET",
          path: "/devices/queries/devices-scroll/v1",
          query: { filter, sort, offset, limit: pageSize(limit) },
          idempotent,
          scopes,
        },
        { limit },
      )
      const { resources, errors, trace_ids, calls: _, ...more } = pages
      return outcomeOfList(resources, errors, trace_ids, more)
    }),
})
