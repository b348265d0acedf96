/** Reads from STIX objects which indicators should be in Falcon, and which should not. */
import { Clock, Effect } from "effect"
import { keyOf, type Row } from "./indicator.ts"
import type { IocType } from "./ioc-value.ts"
import { iocs } from "./limits.ts"
import type { Wish } from "./merge-policy.ts"
import { type Skipped, type Value, valuesOfPattern } from "./stix-values.ts"
import { type FromStix, latestVersions, type StixIndicator } from "./stix-versions.ts"

/** A value whose indicator is to be deleted, if it is ours. */
export interface Over extends Value, FromStix {
  readonly reason: "revoked" | "valid_until has passed"
}

export interface Wanted {
  /** One per type and value: the first object that names it wins. By `keyOf`. */
  readonly wishes: ReadonlyMap<string, Wish & FromStix>
  /** Of objects that are revoked or whose time is up, unless another one still names them. By `keyOf`. */
  readonly over: ReadonlyMap<string, Over>
  readonly skipped: readonly Row[]
}

interface Options {
  readonly types: readonly IocType[]
  readonly action: string
  readonly sekoia_base_url: string
}

/**
 * Reads every object, of several versions of one object the latest; what cannot be used is a row that says why. The values of
 * an object that is revoked or ended are wanted gone, whatever Falcon says of when they end: an indicator that outlives what it
 * came from would block for ever.
 */
export const readObjects = Effect.fnUntraced(function* (objects: readonly unknown[], options: Options) {
  const now_ms = yield* Clock.currentTimeMillis
  const wishes = new Map<string, Wish & FromStix>()
  const over = new Map<string, Over>()
  const skipped: Row[] = []
  const skip = (stix_id: string | undefined, one: Skipped) =>
    skipped.push({ ...one, outcome: "skipped", ...(stix_id !== undefined && { stix_id }) })

  for (const [at, read] of latestVersions(objects).entries()) {
    if (at % iocs.stix_objects_per_turn === 0) yield* Effect.yieldNow
    const { stix_id } = read
    if ("reason" in read) {
      skip(stix_id, { reason: read.reason })
      continue
    }
    const { values, skipped: not_taken } = valuesOfPattern(read.pattern, options.types)
    for (const one of not_taken) skip(stix_id, one)
    const reason = endOf(read, now_ms)
    for (const value of values) {
      const key = keyOf(value)
      const first = reason === undefined ? wishes.get(key) : over.get(key)
      if (first !== undefined) {
        skip(stix_id, { ...value, reason: `the same as in ${first.stix_id ?? "an earlier object"}` })
      } else if (reason === undefined) wishes.set(key, { ...value, ...wishOf(read, options) })
      else over.set(key, { ...value, stix_id, reason })
    }
  }
  for (const [key, { type, value, stix_id, reason }] of over) {
    if (!wishes.has(key)) continue
    over.delete(key)
    skip(stix_id, { type, value, reason: `${reason}, but another object still names it` })
  }
  return { wishes, over, skipped } satisfies Wanted
})

/** Why an object's values are over, when they are. */
const endOf = ({ revoked, until_ms }: StixIndicator, now_ms: number): Over["reason"] | undefined => {
  if (revoked) return "revoked"
  return until_ms !== undefined && until_ms <= now_ms ? "valid_until has passed" : undefined
}

const wishOf = ({ stix_id, expiration, has_page }: StixIndicator, { action, sekoia_base_url }: Options) => ({
  action,
  severity: "high",
  stix_id,
  expiration,
  description:
    has_page && stix_id !== undefined
      ? `${sekoia_base_url.replace(/\/+$/, "")}/intelligence/objects/${stix_id}`
      : undefined,
})
