/** Reading entities of Falcon's API, where any field may be absent, null, empty or of another type than documented. */
import { listOf } from "../json-object.ts"

/** A text that says something, without white space around it, and whole: half a character pair becomes U+FFFD. */
export const textOf = (value: unknown): string | undefined => {
  const text = typeof value === "string" ? value.trim().toWellFormed() : ""
  return text === "" ? undefined : text
}

/** The texts of an array. */
export const textsOf = (value: unknown): readonly string[] =>
  listOf(value)
    .map(textOf)
    .filter((text) => text !== undefined)

/** Date, time of day, zone. */
const time_form =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(?:(Z|UTC)|([+-]\d\d):?(\d\d)(?: UTC)?)?)?$/i

/**
 * A time as ISO 8601 with a zone: UTC where it names none, since Falcon's times are. `undefined` for what is no time, and for
 * Go's zero time (year 1), which means none.
 */
export const isoOf = (value: unknown): string | undefined => {
  const [, date, time = "00:00", , hours, minutes] = time_form.exec(textOf(value) ?? "") ?? []
  if (date === undefined) return undefined
  const iso = `${date}T${time}${hours === undefined ? "Z" : `${hours}:${minutes}`}`
  return Date.parse(iso) > 0 ? iso : undefined
}

/** What `isoOf` takes for a time, in epoch milliseconds. */
export const timeMs = (value: unknown): number | undefined => {
  const text = isoOf(value)
  return text === undefined ? undefined : Date.parse(text)
}

/** An ISO 8601 text in epoch seconds with a fraction, which is how Sekoia's models have times. */
export const timeS = (value: unknown): number | undefined => {
  const ms = timeMs(value)
  return ms === undefined ? undefined : ms / 1_000
}

/** Leaves out fields that are `undefined`; Sekoia's own client sends no nulls either. */
export const known = <Shape extends Record<string, unknown>>(
  shape: Shape,
): { [Key in keyof Shape]: Exclude<Shape[Key], undefined> } =>
  Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as never
