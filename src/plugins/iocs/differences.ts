/** Compares an indicator that Falcon returned with what was asked for. */
import type { Indicator } from "./indicator.ts"

/**
 * What protects, and where. Falcon drops some of it in silence: a mobile action without a mobile platform
 * (terraform-provider-crowdstrike, `custom_ioc`).
 */
const fields = ["action", "mobile_action", "platforms", "applied_globally", "host_groups", "expiration"] as const

/**
 * One text per field that came back different from what was sent, such as `platforms windows instead of mac, windows`. A field
 * that did not come back says nothing.
 */
export const differences = (sent: Readonly<Record<string, unknown>>, back: Indicator): readonly string[] =>
  fields.flatMap((field) => {
    const wanted = sent[field]
    const own = (back as Readonly<Record<string, unknown>>)[field]
    if (wanted === undefined || own === undefined || own === null) return []
    const [one, other] = [shown(field, own), shown(field, wanted)]
    return one === other ? [] : [`${field} ${one || "none"} instead of ${other || "none"}`]
  })

const shown = (field: (typeof fields)[number], value: unknown): string => {
  if (Array.isArray(value)) return [...new Set(value.map((one) => String(one).toLowerCase()))].sort().join(", ")
  // Falcon writes times its own way; what counts is the instant, to the second.
  const ms = field === "expiration" ? Date.parse(String(value)) : Number.NaN
  return Number.isNaN(ms) ? String(value).toLowerCase() : `${new Date(ms).toISOString().slice(0, 19)}Z`
}
