/** Numbers, times and states as people read them. */
import type { PartitionStatus } from "../api/status/schema.ts"

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 })
const tenth = new Intl.NumberFormat("en", { maximumFractionDigits: 1 })

/** A count, digits in groups. */
export const count = (value: number): string => whole.format(value)

/** Something per second. */
export const rate = (per_s: number): string => (per_s >= 100 ? whole.format(per_s) : tenth.format(per_s))

/** A length of time, in the largest units that matter. */
export const span = (seconds: number): string => {
  if (seconds < 10) return `${tenth.format(seconds)} s`
  if (seconds < 120) return `${whole.format(seconds)} s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`
}

export const millis = (ms: number | null): string =>
  ms === null ? "–" : ms < 1_000 ? `${whole.format(ms)} ms` : `${tenth.format(ms / 1_000)} s`

/** How long ago, seen from a time of the server. */
export const ago = (at: string | null, now: string): string => {
  if (at === null) return "never"
  const seconds = Math.max(0, (Date.parse(now) - Date.parse(at)) / 1_000)
  return seconds < 1 ? "now" : `${span(Math.floor(seconds))} ago`
}

/** Time of day of an instant, in the reader's zone; with the date where it is another day. */
export const clock = (at: string): string => {
  const date = new Date(at)
  const is_today = date.toDateString() === new Date().toDateString()
  return is_today ? date.toLocaleTimeString("en-GB") : date.toLocaleString("en-GB")
}

export const bytes = (size: number): string =>
  size < 10_000
    ? `${whole.format(size)} B`
    : size < 1e7
      ? `${whole.format(size / 1e3)} kB`
      : `${whole.format(size / 1e6)} MB`

export const states: Readonly<Record<PartitionStatus["state"], string>> = {
  flowing: "Flowing",
  quiet: "Quiet",
  blocked: "Blocked",
  disconnected: "Disconnected",
  troubled: "Needs a look",
}

/** A reason of the machine as words: `not_a_json_object` is "not a json object". */
export const words = (name: string): string => name.replaceAll(/[_-]/g, " ")

/** A name of a metric without what all of them share. */
export const metric = (name: string): string => words(name.replace(/^akonis_/, "").replace(/_total$/, ""))

/** A detail of health line by line; partitions that say the same say it once. */
export const folded = (detail: string): readonly string[] => {
  const named = /^(partition) ([^,:]+)((?:, [a-z ]+)?: .*)$/
  const lines = new Map<string, string[]>()
  for (const part of detail.split(/; (?=partition [^,:]+[,:])/)) {
    const [, , label, rest] = named.exec(part) ?? []
    const key = rest ?? part
    lines.set(key, [...(lines.get(key) ?? []), ...(label === undefined ? [] : [label])])
  }
  return [...lines].map(([rest, labels]) => {
    if (labels.length === 0) return rest
    return `${labels.length === 1 ? "partition" : "partitions"} ${labels.join(", ")}${rest}`
  })
}
