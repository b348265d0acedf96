/** From STIX objects to what is wanted of Falcon. */
import { Clock, Effect } from "effect"
import { iocs } from "../../core/limits.ts"
import { keyOf, type Row } from "./indicator.ts"
import type { Wish } from "./plan.ts"
import { type Skipped, takePattern, type Value } from "./stix-taken.ts"
import type { IocType } from "./value.ts"

/** A value and the object that it comes from. */
export interface FromStix {
  readonly stix_id: string | undefined
}

export interface Wanted {
  /** One per type and value: the first object that names it wins. By `keyOf`. */
  readonly wishes: ReadonlyMap<string, Wish & FromStix>
  /** Of objects that are revoked, unless another one still names them. By `keyOf`. */
  readonly revoked: ReadonlyMap<string, Value & FromStix>
  readonly skipped: readonly Row[]
}

interface Options {
  readonly types: readonly IocType[]
  readonly action: string
  readonly sekoia_base_url: string
}

/** Reads every object; what cannot be used is a row that says why. */
export const readObjects = Effect.fnUntraced(function* (objects: readonly unknown[], options: Options) {
  const now_ms = yield* Clock.currentTimeMillis
  const wishes = new Map<string, Wish & FromStix>()
  const revoked = new Map<string, Value & FromStix>()
  const skipped: Row[] = []
  const skip = (stix_id: string | undefined, one: Skipped) =>
    skipped.push({ ...one, outcome: "skipped", ...(stix_id !== undefined && { stix_id }) })

  for (const [at, object] of objects.entries()) {
    if (at % iocs.stix_objects_per_turn === 0) yield* Effect.yieldNow
    const read = readObject(object, now_ms)
    const { stix_id } = read
    if ("reason" in read) {
      skip(stix_id, { reason: read.reason })
      continue
    }
    const { values, skipped: not_taken } = takePattern(read.pattern, options.types)
    for (const one of not_taken) skip(stix_id, one)
    for (const value of values) {
      const key = keyOf(value)
      const first = read.revoked ? revoked.get(key) : wishes.get(key)
      if (first !== undefined)
        skip(stix_id, { ...value, reason: `the same as in ${first.stix_id ?? "an earlier object"}` })
      else if (read.revoked) revoked.set(key, { ...value, stix_id })
      else if (read.expired) skip(stix_id, { ...value, reason: "valid_until has passed" })
      else wishes.set(key, { ...value, ...wishOf(read, options) })
    }
  }
  for (const [key, value] of revoked) {
    if (!wishes.has(key)) continue
    revoked.delete(key)
    skip(value.stix_id, { type: value.type, value: value.value, reason: "revoked, but another object still names it" })
  }
  return { wishes, revoked, skipped } satisfies Wanted
})

interface Usable extends FromStix {
  readonly pattern: string
  readonly revoked: boolean
  readonly expired: boolean
  readonly expiration: string | undefined
  /** Comes from Sekoia's intelligence, which has a page about it. */
  readonly has_page: boolean
}

function readObject(object: unknown, now_ms: number): Usable | (FromStix & { readonly reason: string }) {
  if (typeof object !== "object" || object === null) return { stix_id: undefined, reason: "not an object" }
  const { id, type, pattern, pattern_type = "stix", revoked, valid_until } = object as Readonly<Record<string, unknown>>
  const stix_id = typeof id === "string" && /^[\w.-]{1,200}$/.test(id) ? id : undefined
  if (type !== "indicator") return { stix_id, reason: "not an indicator" }
  if (pattern_type !== "stix") return { stix_id, reason: "its pattern is not written in STIX" }
  if (typeof pattern !== "string") return { stix_id, reason: "has no pattern" }
  // What is revoked is over, whatever else it says.
  if (revoked === true) return { stix_id, pattern, revoked, expired: false, expiration: undefined, has_page: false }
  const until_ms = valid_until == null ? undefined : Date.parse(String(valid_until))
  if (Number.isNaN(until_ms)) return { stix_id, reason: "valid_until is no date" }
  return {
    stix_id,
    pattern,
    revoked: false,
    expired: until_ms !== undefined && until_ms <= now_ms,
    expiration: until_ms === undefined ? undefined : rfc3339(String(valid_until), until_ms),
    has_page: "x_ic_observable_types" in object,
  }
}

/** As it came, when it is what Falcon takes. */
const rfc3339 = (text: string, ms: number): string =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) ? text : new Date(ms).toISOString()

const wishOf = ({ stix_id, expiration, has_page }: Usable, { action, sekoia_base_url }: Options) => ({
  action,
  severity: "high",
  stix_id,
  expiration,
  description:
    has_page && stix_id !== undefined
      ? `${sekoia_base_url.replace(/\/+$/, "")}/intelligence/objects/${stix_id}`
      : undefined,
})
