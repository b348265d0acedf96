/**
 * Offsets of a `cache.json` whose partitions Falcon does not list. That some are missing is how partitions go; that none is listed
 * is a file of another tenant or of another cloud, or a base URL that has changed: everything that Falcon holds comes again.
 */
import { Effect } from "effect"
import type { HealthCell } from "../../core/telemetry/health.ts"

/** How many URLs are named of each side. */
const named_max = 3

/** Tells health and the log, once, when none of the partitions that offsets are stored for is listed. */
export const makeUnlistedWarning = (stored: readonly string[], health: HealthCell) => {
  let told = false
  return Effect.fnUntraced(function* (listed: readonly string[]) {
    if (stored.length === 0 || listed.length === 0) return
    if (stored.some((root_url) => listed.includes(root_url))) {
      if (told) yield* health.set("ok", "")
      told = false
      return
    }
    if (told) return
    told = true
    const detail =
      `cache.json holds offsets of ${some(stored)}, and Falcon lists none of these but ${some(listed)}: they are read from the beginning, ` +
      "and what was delivered before is delivered again. If that is not wanted, stop akonis, correct base_url, or bring the cache.json of this tenant"
    yield* health.set("degraded", detail)
    yield* Effect.logError(detail)
  })
}

const some = (root_urls: readonly string[]): string => {
  const more = root_urls.length - named_max
  return [...root_urls.slice(0, named_max), ...(more > 0 ? [`${more} more`] : [])].join(", ")
}
