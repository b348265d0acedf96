/** One entry of a listing: what can be used of it, and what is wrong with it by partition and field. */
import { Redacted } from "effect"
import { whySiteDiffers } from "../../core/http/client/origin.ts"
import { fieldsOf, isObject, type JsonObject } from "../../core/json-object.ts"
import { cleanText } from "../../core/text.ts"
import { type Feed, partitionLabel } from "./feed.ts"
import { interval, listing as limits } from "./limits.ts"

export interface Entry {
  /** The partition's number, or its place in the list where the entry does not tell. */
  readonly name: string
  /** What is read from it; absent when a field that nothing can stand in for is missing or wrong. */
  readonly usable: Omit<Feed, "app_id" | "listed_ms"> | undefined
  /** A sentence for each field that is missing or not used as it is. */
  readonly complaints: readonly string[]
  /** It points to a host that must not get a token. */
  readonly untrusted: boolean
}

/** A field that cannot be used, and why. */
interface Fault {
  readonly field: string
  readonly why: string
}

/** `count`: how many partitions share the budget for refreshes. Never fails, whatever stands in the list. */
export const readEntry = (resource: unknown, index: number, count: number, base_url: string): Entry => {
  const entry = fieldsOf(resource)
  const url = readUrl(entry, "dataFeedURL", base_url)
  const refresh_url = readUrl(entry, "refreshActiveSessionURL", base_url)
  const token = readToken(entry)
  const { interval_ms, remark } = readInterval(entry.refreshActiveSessionInterval, count)
  const name = nameOf(entry.dataFeedURL) ?? `number ${index + 1} of the list`
  const faults = [url, refresh_url, token].filter((field): field is Fault => isObject(field))
  const complaints = faults.map(({ field, why }) => `partition ${name} cannot be read: ${field} ${why}`)
  if (remark !== undefined && faults.length === 0) complaints.push(`partition ${name}: ${remark}`)
  const untrusted = faults.some(({ why }) => why.startsWith(elsewhere))
  if (typeof url !== "string" || typeof refresh_url !== "string" || typeof token !== "string")
    return { name, usable: undefined, complaints, untrusted }
  const usable = { root_url: rootOf(url), url, refresh_url, token: Redacted.make(token), interval_ms }
  return { name, usable, complaints, untrusted }
}

const rootOf = (url: string): string => url.split("?", 1)[0]!

const nameOf = (url: unknown): string | undefined =>
  typeof url === "string" && url !== "" && url.length <= limits.url_chars_max ? partitionLabel(rootOf(url)) : undefined

const elsewhere = "points elsewhere"

const readUrl = (entry: JsonObject, field: string, base_url: string): string | Fault => {
  const value = entry[field]
  if (typeof value !== "string" || value === "") return { field, why: "is missing" }
  if (value.length > limits.url_chars_max)
    return { field, why: `has ${value.length} characters, at most ${limits.url_chars_max} are taken` }
  if (!/^[\x21-\x7e]+$/.test(value)) return { field, why: "holds characters that no URL may hold" }
  const why = whySiteDiffers(value, base_url)
  return why === undefined ? value : { field, why: `${elsewhere}: ${why}; no token is sent there` }
}

const readToken = ({ sessionToken }: JsonObject): string | Fault => {
  const field = "sessionToken.token"
  const token = isObject(sessionToken) ? sessionToken.token : undefined
  if (typeof token !== "string" || token === "") return { field, why: "is missing" }
  // What does not fit into a header would fail the request, and not say why.
  const is_token = token.length <= limits.token_chars_max && /^[\x21-\x7e]+$/.test(token)
  return is_token ? token : { field, why: "is no token" }
}

/** Seconds, as a number or as text; whatever makes no sense is replaced, since a session has to be refreshed at all events. */
const readInterval = (value: unknown, count: number): { readonly interval_ms: number; readonly remark?: string } => {
  const told_ms = (typeof value === "string" && value.trim() !== "" ? Number(value) : value) as number
  const told = `refreshActiveSessionInterval is ${value === undefined ? "missing" : cleanText(JSON.stringify(value), limits.name_chars_max)}`
  const least_ms = Math.max(interval.ms_min, Math.ceil((count * 60_000) / interval.refreshes_per_minute_max))
  const used = (interval_ms: number) => ({ interval_ms, remark: `${told}; ${interval_ms / 1_000} s is used` })
  if (typeof told_ms !== "number" || !Number.isFinite(told_ms) || told_ms <= 0)
    return used(Math.max(interval.fallback_ms, least_ms))
  const interval_ms = told_ms * 1_000
  if (interval_ms < least_ms) return used(least_ms)
  return interval_ms > interval.ms_max ? used(interval.ms_max) : { interval_ms }
}

type UsableEntry = Entry & { readonly usable: NonNullable<Entry["usable"]> }

/** The entries to be read, one for each partition and not too many, always the same ones; and what is wrong with the list. */
export const choose = (entries: readonly Entry[]) => {
  const complaints = entries.flatMap((entry) => entry.complaints)
  const first = new Map<string, UsableEntry>()
  for (const entry of entries) {
    if (!isUsable(entry)) continue
    if (first.has(entry.usable.root_url))
      complaints.push(`partition ${entry.name} is listed twice; its first entry is used`)
    else first.set(entry.usable.root_url, entry)
  }
  const all = [...first.values()]
  if (all.length <= limits.partitions_max) return { taken: all, complaints }
  const sorted = all.toSorted((a, b) => (a.usable.root_url < b.usable.root_url ? -1 : 1))
  const left_out = sorted.slice(limits.partitions_max)
  complaints.push(
    `${all.length} partitions are listed and at most ${limits.partitions_max} are read; left out: ${left_out
      .slice(0, limits.complaints_max)
      .map(({ name }) => `partition ${name}`)
      .join(", ")}${left_out.length > limits.complaints_max ? ", …" : ""}`,
  )
  return { taken: sorted.slice(0, limits.partitions_max), complaints }
}

const isUsable = (entry: Entry): entry is UsableEntry => entry.usable !== undefined
