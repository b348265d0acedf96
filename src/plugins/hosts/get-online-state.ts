import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { callByIds, idIn } from "../../core/actions/bulk.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { per_call } from "../../core/limits.ts"
import { agent_ids, example_host, read } from "./device.ts"

/** gofalcon `StateOnlineStateResultV1` */
const online_state = z.looseObject({
  id: z.string().describe("The AID."),
  state: z.string().nullish().describe("online, offline or unknown."),
  cid: z.string().nullish().describe("The customer id."),
  last_seen: z.string().nullish(),
})

const idOf = idIn("id")

/** `GET /devices/entities/online-state/v1`: 100 ids (PSFalcon, caracara). */
export const getOnlineState = defineAction({
  slug: "get_online_state",
  alias: "get_online_state",
  title: "Get Online State",
  description: "Tells which hosts are online.",
  arguments: z.strictObject({ ids: idsArgument(agent_ids) }),
  resource: online_state,
  example: { ids: [example_host] },
  scopes: read,
  changes: false,
  destructive: false,
  idempotent: true,
  per_call: per_call.host_online_state,
  run: ({ ids }) =>
    callByIds({
      ids,
      per_call: per_call.host_online_state,
      in_query: true,
      idOf,
      operation: (ids) => ({
        name: "hosts.online_state",
        method: "GET",
        path: "/devices/entities/online-state/v1",
        query: { ids },
        idempotent: true,
        scopes: read,
      }),
    }),
})
