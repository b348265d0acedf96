/** Which hosts of a run are protected: by a tag, by their name, or by a filter of Falcon's. Needs Hosts: Read. */
import { Effect } from "effect"
import type { GuardsConfig } from "../config/schema.ts"
import { Falcon } from "../falcon/client.ts"
import type { FalconError } from "../falcon/errors.ts"
import { failure } from "../falcon/failure.ts"
import { askForList, failWithoutList } from "../falcon/list-answer.ts"
import type { Operation } from "../falcon/operation.ts"
import { splitIds } from "../falcon/split-ids.ts"
import { idField } from "./bulk.ts"
import { Planning } from "./dry-run.ts"
import { attribute, idKey } from "./errors-by-id.ts"
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

/** What Falcon knows of hosts. */
interface Looked {
  readonly hosts: readonly unknown[]
  /**
   * Ids that neither came back nor stand in an error: nothing is known of them. A 404 that names none ("404: Page Not Found", of
   * the API's gateway) is about the call, or about somebody else.
   */
  readonly silent: readonly string[]
}

/** Looks hosts up. An id that Falcon says it does not know is left out; fails with any other error. */
const lookAt = Effect.fnUntraced(function* (ids: readonly string[]): Effect.fn.Return<Looked, FalconError, Falcon> {
  const falcon = yield* Falcon
  const hosts: unknown[] = []
  const silent: string[] = []
  for (const some of splitIds(ids, bounds.looked_at_per_call)) {
    const operation = detailsOperation(some)
    const { resources = [], errors } = yield* Effect.catchIf(
      askForList(falcon.request, operation),
      saysUnknown,
      (said) => Effect.succeed(said),
    )
    const unread = errors.find(({ code }) => code !== 404)
    if (unread !== undefined) {
      const reason = unread.code === 403 ? "forbidden" : "unavailable"
      const message = `${unread.id ?? "a host"} cannot be read: ${unread.message}`
      return yield* failure(operation, reason, message, { scopes: reason === "forbidden" ? scopes : [] })
    }
    hosts.push(...resources)
    const { named } = attribute(some, errors)
    const back = new Set(resources.map((host) => idKey(deviceIdOf(host) ?? "")))
    silent.push(...some.filter((id) => !back.has(idKey(id)) && !named.has(id)))
  }
  return { hosts, silent }
})

/** A 404. One without Falcon's errors comes from a proxy: then nothing is said about any host. */
const saysUnknown = ({ reason, status }: FalconError): boolean => reason === "rejected" && status === 404

/** Looks hosts up until something is known of each; fails when Falcon leaves some out twice without a word. */
const lookUp = Effect.fnUntraced(function* (
  ids: readonly string[],
): Effect.fn.Return<readonly unknown[], FalconError, Falcon> {
  const first = yield* lookAt(ids)
  if (first.silent.length === 0 || (yield* Planning)) return first.hosts
  const second = yield* lookAt(first.silent)
  const [left_out] = second.silent
  if (left_out === undefined) return [...first.hosts, ...second.hosts]
  return yield* failure(detailsOperation([]), "malformed", `Falcon says nothing about ${left_out}`)
})

/** What protects hosts and is not shown of this one, so that nobody knows. Go writes an empty list as `null`. */
const hiddenIn = (
  { tags, hostname }: { readonly tags?: unknown; readonly hostname?: unknown },
  protection: Pick<Protection, "tags" | "hostnames">,
): string | undefined => {
  if (protection.hostnames.length > 0 && typeof hostname !== "string") return "name"
  if (protection.tags.length > 0 && !Array.isArray(tags) && tags !== null) return "tags"
  return undefined
}

/**
 * The protected ones among these hosts. Ids that Falcon says it does not know are none. Fails when it cannot be found out of any of
 * them: then nothing may be changed. A hidden host is not found by the filter, since no query of Falcon's finds it.
 */
export const protectedAmong = Effect.fnUntraced(function* (
  ids: readonly string[],
  { tags, hostnames, filter }: Protection,
): Effect.fn.Return<readonly ProtectedHost[], FalconError, Falcon> {
  const hosts = yield* lookUp(ids)
  const found: ProtectedHost[] = []
  const named = new Set(hostnames.map(idKey))
  const others: string[] = []
  const unshown: string[] = []
  for (const host of hosts as readonly { tags?: unknown; hostname?: unknown }[]) {
    const id = deviceIdOf(host)
    if (id === undefined) continue
    const own = Array.isArray(host.tags) ? host.tags : []
    const hidden = hiddenIn(host, { tags, hostnames })
    const tag = tags.find((one) => own.some((other) => idKey(String(other)) === idKey(one)))
    if (tag !== undefined) found.push({ id, why: `it has the tag ${tag}` })
    else if (named.has(idKey(String(host.hostname ?? "")))) found.push({ id, why: `its name is ${host.hostname}` })
    else if (hidden === "tags" && host.tags === undefined) unshown.push(id)
    else if (hidden === undefined) others.push(id)
    else return yield* failure(detailsOperation([]), "malformed", `Falcon does not show the ${hidden} of ${id}`)
  }
  const tagged = new Set((yield* tagsLookedFor(tags, unshown)).map(idKey))
  const untagged = unshown.filter((id) => !tagged.has(idKey(id)))
  for (const id of unshown) if (tagged.has(idKey(id))) found.push({ id, why: "guards.protected.tags finds it" })
  // A dry run sees no hosts, and shows the call for those that it was asked for.
  const asked = (yield* Planning) ? [...ids] : [...others, ...untagged]
  if (filter !== "") {
    const matching = yield* matchingOf("filter", filter, asked)
    found.push(...matching.map((id) => ({ id, why: "guards.protected.filter finds it" })))
  }
  return found
})

/**
 * Of hosts that come back without their tags: an empty list may be left out of an answer, and so may one that is not. Falcon is asked which of
 * them have one of the tags, and which have none; fails where it finds one of them in neither way.
 */
const tagsLookedFor = Effect.fnUntraced(function* (
  tags: readonly string[],
  ids: readonly string[],
): Effect.fn.Return<readonly string[], FalconError, Falcon> {
  if (ids.length === 0) return []
  const texts = tags.map((tag) => `'${tag.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`)
  const tagged = yield* matchingOf("tags", `tags:[${texts.join()}]`, ids)
  const without = yield* matchingOf("tags", texts.map((text) => `tags:!${text}`).join("+"), ids)
  const seen = new Set([...tagged, ...without].map(idKey))
  const left = ids.find((id) => !seen.has(idKey(id)))
  if (left === undefined) return tagged
  return yield* failure(detailsOperation([]), "malformed", `Falcon does not show the tags of ${left}`)
})

/** Those of these hosts that a filter finds. `guard`: whose filter it is, for messages. Fails when the answer is not about all of them alone. */
const matchingOf = Effect.fnUntraced(function* (
  guard: "filter" | "tags",
  filter: string,
  ids: readonly string[],
): Effect.fn.Return<readonly string[], FalconError, Falcon> {
  const falcon = yield* Falcon
  const found: string[] = []
  for (let at = 0; at < ids.length; at += bounds.filtered_per_call) {
    const some = ids.slice(at, at + bounds.filtered_per_call)
    const operation = filterOperation(filter, some)
    const answer = yield* failWithoutList(operation, yield* askForList(falcon.request, operation))
    const [error] = answer.errors
    if (error !== undefined) {
      const reason = error.code === 403 ? "forbidden" : "unavailable"
      return yield* failure(operation, reason, `Falcon answers with an error: ${error.message}`, {
        scopes: reason === "forbidden" ? scopes : [],
      })
    }
    const known = new Set(some.map(idKey))
    const { total } = answer.pagination ?? {}
    const filtered = answer.resources.filter((id) => typeof id === "string" && known.has(idKey(id))) as string[]
    if (filtered.length < Math.max(answer.resources.length, Number(total) || 0)) {
      const why = `the answer to guards.protected.${guard} names other hosts than it was asked about, or not all that it counts`
      return yield* failure(operation, "malformed", why)
    }
    found.push(...filtered)
  }
  return found
})
