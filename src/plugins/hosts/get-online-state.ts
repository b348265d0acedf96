import { z } from "zod"
import { lookupAction } from "../../core/actions/lookup-action.ts"
import { agent_ids, example_host, read } from "./device.ts"
import { per_call } from "./limits.ts"

/** gofalcon `StateOnlineStateResultV1` */
const online_state = z.looseObject({
  id: z.string().describe("The AID."),
  state: z.string().nullish().describe("online, offline or unknown."),
  cid: z.string().nullish().describe("The customer id."),
  last_seen: z.string().nullish(),
})

/** `GET /devices/entities/online-state/v1`: 100 ids (PSFalcon, caracara). */
export const getOnlineState = lookupAction({
  slug: "get_online_state",
  title: "Get Online State",
  description: "Tells which hosts are online.",
  ids: agent_ids,
  example_ids: [example_host],
  resource: online_state,
  call: {
    name: "hosts.online_state",
    method: "GET",
    path: "/devices/entities/online-state/v1",
    per_call: per_call.host_online_state,
    scopes: read,
    id_field: "id",
  },
})
