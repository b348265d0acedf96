import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { idsArgument } from "../../core/actions/arguments.ts"
import { callByIds } from "../../core/actions/by-ids.ts"
import { per_call } from "../../core/limits.ts"
import { agent_ids, example_host, read } from "./device.ts"

/** gofalcon `DeviceapiLoginDetailV1` */
const login_history = z.looseObject({
  device_id: z.string().describe("The AID."),
  cid: z.string().nullish().describe("The customer id."),
  recent_logins: z
    .array(z.looseObject({ login_time: z.string().nullish(), user_name: z.string().nullish() }))
    .nullish()
    .describe("The latest logins."),
})

/**
 * `POST /devices/combined/devices/login-history/v2`: 10 ids (falconpy `QueryDeviceLoginHistoryV2`, PSFalcon). A host that
 * nobody logged into may be missing from the answer, which is no failure: so an id without an error counts as done.
 */
export const queryDeviceLoginHistory = defineAction({
  slug: "query_device_login_history",
  alias: "query_device_login_history",
  title: "Query Device Login History",
  description:
    "Retrieves the interactive logins on hosts: as Falcon does it, up to ten per host from the last seven days.",
  arguments: z.strictObject({ ids: idsArgument(agent_ids) }),
  resource: login_history,
  example: { ids: [example_host] },
  scopes: read,
  changes: false,
  destructive: false,
  idempotent: true,
  per_call: per_call.host_login_history,
  run: ({ ids }) =>
    callByIds({
      ids,
      per_call: per_call.host_login_history,
      operation: (ids) => ({
        name: "hosts.login_history",
        method: "POST",
        path: "/devices/combined/devices/login-history/v2",
        body: { ids },
        idempotent: true,
        scopes: read,
      }),
    }),
})
