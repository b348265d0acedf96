/** Which hosts of a run are protected: by a tag, by their name, or by a filter of Falcon's. Needs Hosts: Read. */
import { Effect } from "effect"
import type { GuardsConfig } from "../config/schema.ts"
import { Falcon, failWhenEmpty } from "../falcon/client.ts"
import type { FalconError } from "../falcon/errors.ts"
import { failure } from "../falcon/failure.ts"
import type { Operation } from "../falcon/operation.ts"
import { callInBulk, idField } from "./bulk.ts"
import { Planning } from "./dry-run.ts"
import { idKey } from "./errors-by-id.ts"
import { guards as bounds } from "./limits.ts"

export type Protection = GuardsConfig["protected"]

export interface ProtectedHost {
  readonly id: string
  /** `it has the tag FalconGroupingTags/crown-jewel` */
  readonly why: string
}

/** Whether anything is protected at all: else no host is looked at. */
export const protectsAnything = ({ tags, hostnames, filter }: Protection): boolean =>
  tags.length + hostnames.length > 0 || filter !== ""

const scopes = ["Hosts: Read"]
const deviceIdOf = idField("device_id")

const detailsOperation = (ids: readonly string[]): Operation => ({
  name: "guards.hosts",
  method: "POST",
  path: "/devices/entities/devices/v2",
  body: { ids },
  idempotent: true,
  scopes,
})

/** `GET /devices/queries/devices/v1` (falconpy `QueryDevicesByFilter`). Only ids that Falcon itself gave stand in it. */
const filterOperation = (filter: string, ids: readonly string[]): Operation => ({
  name: "guards.filter",
  method: "GET",
  path: "/devices/queries/devices/v1",
  query: { filter: `(${filter})+device_id:[${ids.map((id) => `'${id}'`).join()}]`, limit: bounds.filtered_per_call },
  idempotent: true,
  scopes,
})

/**
 * The protected ones among these hosts. Ids that Falcon does not know are none. Fails when it cannot be found out of any of them:
 * then nothing may be changed. A hidden host is not found by the filter, since no query of Falcon's finds it.
 */
export const protectedAmong = Effect.fnUntraced(function* (
  ids: readonly string[],
  { tags, hostnames, filter }: Protection,
): Effect.fn.Return<readonly ProtectedHost[], FalconError, Falcon> {
  const falcon = yield* Falcon
  const looked = yield* callInBulk({
    ids,
    per_call: bounds.looked_at_per_call,
    idOf: deviceIdOf,
    operation: detailsOperation,
  }).pipe(
    // Of hosts that are all unknown none is protected.
    Effect.catch((error) =>
      error.reason === "rejected" && error.status === 404
        ? Effect.succeed({ resources: [], errors: [] })
        : Effect.fail(error),
    ),
  )
  const unread = looked.errors.find(({ code }) => code !== 404)
  if (unread !== undefined) {
    return yield* failure(
      detailsOperation([]),
      "unavailable",
      `${unread.id ?? "a host"} cannot be read: ${unread.message}`,
    )
  }
  const found: ProtectedHost[] = []
  const named = new Set(hostnames.map(idKey))
  const others: string[] = []
  for (const host of looked.resources as readonly { tags?: unknown; hostname?: unknown }[]) {
    const id = deviceIdOf(host)
    if (id === undefined) continue
    const own = Array.isArray(host.tags) ? host.tags : []
    const tag = tags.find((one) => own.some((other) => idKey(String(other)) === idKey(one)))
    if (tag !== undefined) found.push({ id, why: `it has the tag ${tag}` })
    else if (named.has(idKey(String(host.hostname ?? "")))) found.push({ id, why: `its name is ${host.hostname}` })
    else others.push(id)
  }
  // A dry run sees no hosts, and shows the call for those that it was asked for.
  const asked = (yield* Planning) ? [...ids] : others
  for (let at = 0; filter !== "" && at < asked.length; at += bounds.filtered_per_call) {
    const some = asked.slice(at, at + bounds.filtered_per_call)
    const operation = filterOperation(filter, some)
    const answer = yield* failWhenEmpty(operation, yield* falcon.request(operation))
    const known = new Set(some.map(idKey))
    for (const id of answer.resources) {
      if (typeof id === "string" && known.has(idKey(id))) found.push({ id, why: "guards.protected.filter finds it" })
    }
  }
  return found
})
