/** What a feed's body holds in place of events, in words: a proxy's page, Falcon's own error, or something else. */
import { errorsOf, isMarkup, type Strange } from "../../core/delivery/lines/strange-lines.ts"
import { cleanText } from "../../core/text.ts"

const chars_max = 200
const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b

/** Whether a body that ended without any event, and began with this line, was none: a line that is only broken may begin a feed. */
export const isForeign = ({ raw, reason, instead_of_events }: Strange): boolean =>
  instead_of_events || reason === "not_an_event" || (raw[0] !== OPEN_OBJECT && raw[0] !== OPEN_ARRAY)

export const describeForeign = ({ raw, reason }: Strange): string => {
  const text = new TextDecoder().decode(raw.subarray(0, 16 * chars_max))
  const said = reason === "not_an_event" ? saidError(raw) : undefined
  if (said !== undefined) return `the feed answered 200, but with an error in place of events: ${said}`
  const begins = `it begins with "${cleanText(text, chars_max)}"`
  const what = isMarkup(raw) ? "with a page (HTML) in place of events" : "not with events"
  return `the feed answered 200, but ${what}; ${begins}`
}

/** Falcon's code and words. */
const saidError = (raw: Uint8Array): string | undefined => {
  const errors = errorsOf(raw)
  if (errors === undefined) return undefined
  const first = (typeof errors[0] === "object" && errors[0] !== null ? errors[0] : { message: errors[0] }) as {
    readonly code?: unknown
    readonly message?: unknown
  }
  return cleanText(`${typeof first.code === "number" ? `${first.code} ` : ""}${String(first.message)}`, chars_max)
}
