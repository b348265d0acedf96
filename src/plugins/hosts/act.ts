/** The one call that changes hosts. */
import { z } from "zod"
import { callByIds, idIn } from "../../core/actions/by-ids.ts"
import { per_call } from "../../core/limits.ts"
import { write } from "./device.ts"

/** falconpy `PerformActionV2`; the two about detections are PSFalcon's and caracara's. */
export const host_actions = [
  "contain",
  "lift_containment",
  "hide_host",
  "unhide_host",
  "detection_suppress",
  "detection_unsuppress",
] as const

type HostAction = (typeof host_actions)[number]

/** gofalcon `MsaAffectedEntity` */
export const affected_host = z.looseObject({
  id: z.string().describe("The AID."),
  path: z.string().nullish().describe("Where the API shows the host."),
})

export const accepted =
  "Falcon accepts it at once and carries it out later: poll `status` with get_device_details to see it happen."

const idOf = idIn("id")

/** PSFalcon sends 100 ids where hosts are hidden or shown, 500 elsewhere. */
const perCall = (action: HostAction) =>
  action.endsWith("hide_host") ? per_call.host_visibility : per_call.host_actions

/**
 * `POST /devices/entities/devices-actions/v2`, answered with 202: accepted, asynchronous. Every action sets a state, so that
 * repeating it changes nothing. What a 409 means is not documented; a conflict with the host's state is the usual reading.
 */
export const actOnHosts = (action_name: HostAction, ids: readonly string[]) =>
  callByIds({
    ids,
    per_call: perCall(action_name),
    idOf,
    operation: (ids) => ({
      name: `hosts.${action_name}`,
      method: "POST",
      path: "/devices/entities/devices-actions/v2",
      query: { action_name },
      body: { ids },
      idempotent: true,
      scopes: write,
    }),
  })
