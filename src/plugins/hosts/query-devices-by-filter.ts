import { Effect } from "effect"
import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { fqlFilter, limitArgument, offsetArgument } from "../../core/actions/arguments.ts"
import { listed } from "../../core/actions/by-ids.ts"
import { Falcon } from "../../core/falcon/client.ts"
import { per_call } from "../../core/limits.ts"
import { read } from "./device.ts"

/** `hostname|asc` is in the specification and in the wild, `hostname.asc` is what falconpy documents: the latter is sent. */
const sort = z
  .string()
  .trim()
  .regex(/^\w{1,64}([.|](asc|desc))?$/i, "a property and a direction, such as hostname|asc")
  .transform((text) => text.replace("|", "."))
  .optional()
  .describe("A property and a direction: `hostname|asc` or `hostname.asc`.")

/**
 * `GET /devices/queries/devices-scroll/v1` (falconpy `QueryDevicesByFilterScroll`): pages of up to 10,000 AIDs, linked by a
 * text that is good for two minutes, and no end to how far it goes; the query by number stops at 10,000 hosts.
 */
export const queryDevicesByFilter = defineAction({
  slug: "query_devices_by_filter",
  alias: "query_devices_by_filter",
  title: "Query Devices By Filter",
  description: "Finds hosts by platform, hostname, address and so on; gives their AIDs, for get_device_details.",
  arguments: z.strictObject({
    filter: fqlFilter("platform_name:'Windows'+hostname:'web*'"),
    sort,
    limit: limitArgument(),
    offset: offsetArgument("Where to begin: the text that Falcon gave with an earlier page, within two minutes."),
  }),
  resource: z.string().describe("An AID."),
  example: { filter: "platform_name:'Windows'", sort: "hostname|asc", limit: 500 },
  scopes: read,
  changes: false,
  destructive: false,
  idempotent: true,
  run: ({ filter, sort, limit, offset }) =>
    Effect.gen(function* () {
      const falcon = yield* Falcon
      const pages = yield* falcon.pages(
        {
          name: "hosts.query",
          method: "GET",
          path: "/devices/queries/devices-scroll/v1",
          query: { filter, sort, offset, limit: Math.min(limit, per_call.hosts_page) },
          idempotent: true,
          scopes: read,
        },
        { limit },
      )
      return listed(pages.resources, pages.errors, pages.trace_ids)
    }),
})
