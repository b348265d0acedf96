/** What health says of a partition whose connection works: quiet or flowing, and whether its offsets can be relied on. */
import type { Status } from "../../core/telemetry/health.ts"
import { session, stream } from "./limits.ts"
import type { Pipeline } from "./pipeline.ts"

/** What is known of a partition besides its events. */
export interface Watching {
  /** When the last byte came. */
  heard_ms: number
  session_began_ms: number
  /** Sessions in a row that Falcon ended soon after they began. */
  short_sessions: number
  app_id: string
}

interface Described {
  readonly status: Status
  readonly detail: string
  /** What is wrong; empty when nothing is. */
  readonly trouble: string
}

export const describePartition = (pipeline: Pipeline, watch: Watching, now_ms: number): Described => {
  const trouble = stolen(watch, now_ms) ?? troubleOf(pipeline)
  if (trouble !== "") return { status: "degraded", detail: trouble, trouble }
  const last_ms = pipeline.lastEventMs()
  const quiet = last_ms < 0 ? "no event so far" : `last event ${Math.round((now_ms - last_ms) / 1_000)} s ago`
  const silent_s = Math.round((now_ms - watch.heard_ms) / 1_000)
  const detail = `reading, ${quiet}, last byte ${silent_s} s ago, offset ${pipeline.readOffset()}`
  return { status: "ok", detail, trouble }
}

/** Sessions that end as soon as they have begun, again and again: somebody else begins some as often. */
const stolen = ({ short_sessions, session_began_ms, app_id }: Watching, now_ms: number): string | undefined => {
  const lives = now_ms - session_began_ms >= session.short_ms_max
  if (short_sessions < session.short_max || lives) return undefined
  return `Falcon ended ${short_sessions} sessions in a row within ${session.short_ms_max / 60_000} min of their beginning, now as ${app_id}: another worker may read with the same app id and take them away; each worker needs an app_id of its own, and two of them deliver every event twice`
}

const remedy =
  "if the tenant's offsets began anew, stop akonis, delete the line of this partition from cache.json, and start it again"

const troubleOf = ({ offsets, readOffset }: Pipeline): string => {
  const { began_below, asked, repeated_in_row, without_offset } = offsets
  if (began_below >= 0)
    return `opened at offset ${asked}, the feed began at ${began_below}: no offset moves, and what is not above the stored one is dropped as a repetition (${repeated_in_row} in a row so far); ${remedy}`
  if (repeated_in_row > stream.repeated_in_row_max)
    return `Falcon sent ${repeated_in_row} events in a row that are not above the offset ${readOffset()}: nothing new, or ${remedy}`
  if (without_offset > 0)
    return `${without_offset} ${without_offset === 1 ? "event" : "events"} in a row without a metadata.offset that can be used: delivered, but no offset moves, so that every new connection and every start delivers them again`
  return ""
}
