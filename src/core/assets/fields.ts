/** Reading entities of Falcon's API, where any field may be absent, null, empty or of another type than documented. */

export type Fields = Readonly<Record<string, unknown>>

/** The value as an object; an empty one when it is none. */
export const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {}

/** The value as an array; an empty one when it is none. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A text that says something, without white space around it. */
export const textOf = (value: unknown): string | undefined => {
  const text = typeof value === "string" ? value.trim() : ""
  return text === "" ? undefined : text
}

/** The texts of an array. */
export const textsOf = (value: unknown): readonly string[] =>
  listOf(value)
    .map(textOf)
    .filter((text) => text !== undefined)

const timestamp_form = /^\d{4}-\d\d-\d\d([T ]|$)/

/** An ISO 8601 text in epoch milliseconds. `undefined` for what is no time, and for Go's zero time, which means none. */
export const timeMs = (value: unknown): number | undefined => {
  const text = textOf(value)
  const ms = text !== undefined && timestamp_form.test(text) ? Date.parse(text) : Number.NaN
  return ms > 0 ? ms : undefined
}

/** The same in epoch seconds with a fraction, which is how Sekoia's models have times. */
export const timeS = (value: unknown): number | undefined => {
  const ms = timeMs(value)
  return ms === undefined ? undefined : ms / 1_000
}

/** Leaves out what is not known: Sekoia's client sends no nulls either. */
export const known = <Shape extends Record<string, unknown>>(
  shape: Shape,
): { [Key in keyof Shape]: Exclude<Shape[Key], undefined> } =>
  Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as never
