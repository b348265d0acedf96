/** STIX objects one by one: whether each can be used, and which of several versions of one counts (STIX 2.1, 3.6). */
import { fieldsOf, isObject } from "../../core/json-object.ts"

/** The object that a value comes from. */
export interface FromStix {
  readonly stix_id: string | undefined
}

/** An indicator object that can be used. */
export interface StixIndicator extends FromStix {
  readonly pattern: string
  readonly revoked: boolean
  /** When `valid_until` is, in milliseconds since 1970; `undefined` when it ends never. */
  readonly until_ms: number | undefined
  /** When `valid_until` is, as Falcon takes it: RFC 3339. */
  readonly expiration: string | undefined
  /** Comes from Sekoia's intelligence, which has a page about it. */
  readonly has_page: boolean
}

/** An object that cannot be used, and why. */
export type Unusable = FromStix & { readonly reason: string }

/**
 * Every object, in the order given. Of objects with one id the one that was `modified` last counts, whether it is revoked or
 * not; of two with the same time the revoked one, then the earlier in the list. The others are told as older versions.
 */
export const latestVersions = (objects: readonly unknown[]): readonly (StixIndicator | Unusable)[] => {
  const read = objects.map((object) => ({ ...versionOf(object), one: readObject(object) }))
  const latest = new Map<string, (typeof read)[number]>()
  for (const version of read) {
    const { stix_id } = version.one
    if (stix_id === undefined || version.is_other_type) continue
    const other = latest.get(stix_id)
    if (other === undefined || supersedes(version, other)) latest.set(stix_id, version)
  }
  return read.map((version) => {
    const { stix_id } = version.one
    const chosen = stix_id === undefined ? undefined : latest.get(stix_id)
    if (chosen === undefined || chosen === version || version.is_other_type) return version.one
    return { stix_id, reason: "another version of the same object is newer, or came first" }
  })
}

interface Version {
  /** Milliseconds since 1970; minus infinity when the object does not say. */
  readonly modified_ms: number
  readonly is_revoked: boolean
  /** No indicator at all: says so by itself. */
  readonly is_other_type: boolean
}

const supersedes = (one: Version, other: Version): boolean =>
  one.modified_ms === other.modified_ms ? one.is_revoked && !other.is_revoked : one.modified_ms > other.modified_ms

const versionOf = (object: unknown): Version => {
  const { type, modified, created, revoked } = fieldsOf(object)
  const at = Date.parse(String(modified ?? created))
  return {
    modified_ms: Number.isNaN(at) ? Number.NEGATIVE_INFINITY : at,
    is_revoked: booleanOf(revoked) === true,
    is_other_type: type !== "indicator",
  }
}

const readObject = (object: unknown): StixIndicator | Unusable => {
  if (!isObject(object)) return { stix_id: undefined, reason: "not an object" }
  const { id, type, pattern, pattern_type = "stix", revoked, valid_until } = object
  const stix_id = typeof id === "string" && /^[\w.-]{1,200}$/.test(id) ? id : undefined
  if (type === "bundle") return { stix_id, reason: "a bundle, not an indicator: give the objects in it" }
  if (type !== "indicator") return { stix_id, reason: "not an indicator" }
  if (pattern_type !== "stix") return { stix_id, reason: "its pattern is not written in STIX" }
  if (typeof pattern !== "string") return { stix_id, reason: "has no pattern" }
  const is_revoked = booleanOf(revoked)
  if (is_revoked === undefined) return { stix_id, reason: "revoked is neither true nor false" }
  // What is revoked is over, whatever else it says.
  if (is_revoked)
    return { stix_id, pattern, revoked: true, until_ms: undefined, expiration: undefined, has_page: false }
  const until_ms = valid_until == null ? undefined : Date.parse(String(valid_until))
  if (Number.isNaN(until_ms)) return { stix_id, reason: "valid_until is no date" }
  return {
    stix_id,
    pattern,
    revoked: false,
    until_ms,
    expiration: until_ms === undefined ? undefined : rfc3339(String(valid_until), until_ms),
    has_page: "x_ic_observable_types" in object,
  }
}

/** A boolean, or the text of one: feeds that come through CSV or XML write `"true"`. Left out is false. */
const booleanOf = (value: unknown): boolean | undefined => {
  if (value === undefined || value === null) return false
  const text = String(value).trim().toLowerCase()
  if (text === "true" || text === "1") return true
  return text === "false" || text === "0" || text === "" ? false : undefined
}

/** A time as Falcon takes it: unchanged when it is RFC 3339, else written anew. */
const rfc3339 = (text: string, ms: number): string =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) ? text : new Date(ms).toISOString()
