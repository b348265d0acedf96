import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { searchOutcome } from "../../core/actions/search-outcome.ts"
import { fqlFilter, limitArgument, offsetArgument, sortArgument } from "../../core/actions/shared-arguments.ts"
import { read } from "./device.ts"
import { per_call } from "./limits.ts"

/** `hostname|asc` is in the specification and in the wild, `hostname.asc` is what falconpy documents. */
const sort = sortArgument("hostname|asc", ".")

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
    searchOutcome(
      {
        name: "hosts.query",
        method: "GET",
        path: "/devices/queries/devices-scroll/v1",
        query: { filter, sort, offset, limit: pageSize(limit) },
        idempotent,
        scopes,
      },
      { limit },
    ),
})
