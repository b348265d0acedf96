import { Effect } from "effect"
import { z } from "zod"
import type { RowError } from "../../core/actions/action.ts"
import { callInBulk } from "../../core/actions/bulk.ts"
import { lookupAction } from "../../core/actions/lookup-action.ts"
import { agent_ids, deviceIdOf, example_host, read } from "./device.ts"
import { per_call } from "./limits.ts"

/** gofalcon `DeviceapiLoginDetailV1` */
const login_history = z.looseObject({
  device_id: z.string().describe("The AID."),
  cid: z.string().nullish().describe("The customer id."),
  recent_logins: z
    .array(z.looseObject({ login_time: z.string().nullish(), user_name: z.string().nullish() }))
    .nullish()
    .describe("The latest logins."),
})

/** Falcon's maximum; it gives 10 unless asked for more (falconpy `QueryDeviceLoginHistoryV2`). */
const logins_max = 100

/** A host that shows as many logins as were asked for may have more, and nothing to page with is documented. */
const cutOf = (resource: unknown): readonly RowError[] => {
  const { recent_logins } = (resource ?? {}) as { readonly recent_logins?: unknown }
  const id = deviceIdOf(resource)
  if (id === undefined || !Array.isArray(recent_logins) || recent_logins.length < logins_max) return []
  return [{ id, code: 206, message: `Falcon gives the latest ${logins_max} logins; there may be earlier ones` }]
}

/**
 * `POST /devices/combined/devices/login-history/v2`: 10 ids (falconpy `QueryDeviceLoginHistoryV2`, PSFalcon). A host that
 * nobody logged into may be missing from the answer, which is no failure. Whether `limit` counts for each host or for all of a
 * call is not documented.
 */
export const queryDeviceLoginHistory = lookupAction({
  slug: "query_device_login_history",
  title: "Query Device Login History",
  description: `Retrieves the interactive logins on hosts of the last seven days: the latest ${logins_max}, and an entry of \`errors\` where there may be more.`,
  ids: agent_ids,
  example_ids: [example_host],
  resource: login_history,
  call: {
    name: "hosts.login_history",
    method: "POST",
    path: "/devices/combined/devices/login-history/v2",
    query: { limit: logins_max },
    per_call: per_call.host_login_history,
    scopes: read,
    id_field: "device_id",
  },
  may_be_absent: true,
  send: (call) =>
    Effect.map(callInBulk(call), (outcome) => ({
      ...outcome,
      errors: [...outcome.errors, ...outcome.resources.flatMap(cutOf)],
    })),
})
