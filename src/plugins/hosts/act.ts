/** Host actions: one call of Falcon changes hosts, and reading them back shows whether it did. */
import { Array as Arr, Effect, Result } from "effect"
import { z } from "zod"
import type { CallFacts, RowError, Settling } from "../../core/actions/action.ts"
import { callInBulk, idField, type StateSeen } from "../../core/actions/bulk.ts"
import { lookupOperation } from "../../core/actions/lookup-action.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { Falcon } from "../../core/falcon/client.ts"
import { agent_ids, device_details, deviceIdOf, example_host, write } from "./device.ts"
import { per_call } from "./limits.ts"

/** falconpy `PerformActionV2`; the two about detections are PSFalcon's and caracara's. */
export const host_actions = [
  "contain",
  "lift_containment",
  "hide_host",
  "unhide_host",
  "detection_suppress",
  "detection_unsuppress",
] as const

/** Host actions that have an action of ours besides (psfalcon issue 459, demisto/content pull request 44088). */
type HostAction = (typeof host_actions)[number] | "lift_filesystem_containment_all"

/** gofalcon `MsaAffectedEntity` */
export const affected_host = z.looseObject({
  id: z.string().describe("The AID."),
  path: z.string().nullish().describe("Where the API shows the host."),
})

export const accepted =
  "Falcon accepts it at once and carries it out later: poll `status` with get_device_details to see it happen."

const idOf = idField("id")

/** PSFalcon sends 100 ids where hosts are hidden or shown, 500 elsewhere. */
const perCall = (action: HostAction) =>
  action.endsWith("hide_host") ? per_call.host_visibility : per_call.host_actions

/**
 * `POST /devices/entities/devices-actions/v2`, answered with 202: accepted, asynchronous. Every action sets a state, so that
 * repeating it changes nothing. A 409 is what a host answers that is in that state already (CrowdStrike's Ansible collection,
 * `host_contain`), and a 202 may come without its resources (the same, issues 572 and 689): then the host itself is looked at.
 */
export const actOnHosts = (action_name: HostAction, ids: readonly string[], { scopes, idempotent }: CallFacts) =>
  callInBulk({
    ids,
    per_call: perCall(action_name),
    idOf,
    missing: "Falcon accepted the call without naming this host: accepted, not confirmed",
    lookAgain: (open) => lookAt(action_name, open),
    operation: (ids) => ({
      name: `hosts.${action_name}`,
      method: "POST",
      path: "/devices/entities/devices-actions/v2",
      query: { action_name },
      body: { ids },
      idempotent,
      scopes,
    }),
  })

/** Where a host shows what an action has set: gofalcon `DeviceapiDeviceSwagger`; values of the second by caracara. */
const shown: Readonly<Partial<Record<HostAction, readonly [field: string, ...values: string[]]>>> = {
  contain: ["status", "contained", "containment_pending"],
  lift_containment: ["status", "normal", "lift_containment_pending"],
  hide_host: ["host_hidden_status", "hidden"],
  unhide_host: ["host_hidden_status", "visible"],
  lift_filesystem_containment_all: ["filesystem_containment_status", "normal"],
}

/** How hosts show that an action is done; `undefined` for those of which they do not show it. */
export const settlesAs = (action: HostAction, ids: readonly string[]): Settling | undefined => {
  const [field, wanted] = shown[action] ?? []
  if (field === undefined || wanted === undefined) return undefined
  return {
    ids,
    wanted,
    look: (some) => lookupOperation(device_details, some),
    stateOf: (resource) => {
      const id = deviceIdOf(resource)
      const state = (resource as Readonly<Record<string, unknown>> | null)?.[field]
      return id !== undefined && typeof state === "string" ? { id, state } : undefined
    },
  }
}

/** What the declarations of the actions have in common that do one thing to hosts. */
export const hostAction = (action: HostAction) => ({
  arguments: z.strictObject({ ids: idsArgument(agent_ids) }),
  resource: affected_host,
  example: { ids: [example_host] },
  scopes: write,
  changes: true,
  idempotent: true,
  per_call: perCall(action),
  hosts: ({ ids }: HostIds) => ids,
  settles: ({ ids }: HostIds) => settlesAs(action, ids),
  run: ({ ids }: HostIds, facts: CallFacts) => actOnHosts(action, ids, facts),
})

interface HostIds {
  readonly ids: readonly string[]
}

/**
 * Reads hosts back. One that is as wanted is done. One that is not was refused after a conflict, and stays unconfirmed after a
 * 202, since the change may not be done yet. Where nothing can be read, a conflict is unconfirmed, too: needs Hosts: Read.
 */
const lookAt = Effect.fnUntraced(function* (
  action: HostAction,
  open: readonly RowError[],
): Effect.fn.Return<ReadonlyMap<string, StateSeen>, never, Falcon> {
  const falcon = yield* Falcon
  const seen = new Map<string, StateSeen>()
  const [field, ...wanted] = shown[action] ?? [""]
  const unread = (row: RowError, why: string) => {
    if (row.id === undefined || row.code !== 409) return
    const message = `${row.message}; so says Falcon of a host that is this way already, and ${why}`
    seen.set(row.id, { row: { ...row, message, outcome: "unconfirmed" } })
  }
  for (const rows of Arr.chunksOf(open, device_details.per_call)) {
    const ids = rows.flatMap(({ id }) => id ?? [])
    const answer = yield* Effect.result(falcon.request({ ...lookupOperation(device_details, ids), retry: "none" }))
    const hosts = Result.isSuccess(answer) ? answer.success.resources : []
    const by_id = new Map(hosts.map((host) => [deviceIdOf(host)?.toLowerCase(), host as Record<string, unknown>]))
    for (const row of rows) {
      const host = by_id.get(row.id?.toLowerCase())
      const value = host?.[field]
      if (typeof value !== "string") {
        unread(
          row,
          Result.isFailure(answer) ? `it could not be looked at: ${answer.failure.message}` : "it does not show",
        )
      } else if (wanted.includes(value)) seen.set(row.id!, { done: { id: deviceIdOf(host), [field]: value } })
      else if (row.code === 409)
        seen.set(row.id!, { row: { ...row, message: `${row.message}; its ${field} is ${value}` } })
    }
  }
  return seen
})
