/** Objects in texts and values from elsewhere, where anything else may stand as well. */

/** An object of JSON: keys and values of any kind. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a value is an object with keys; a list and `null` are none. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The value as an object; an empty one when it is none. */
export const fieldsOf = (value: unknown): JsonObject => (isObject(value) ? value : {})

/** The value as a list; an empty one when it is none. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The object that a text holds as JSON; `undefined` for any other text. */
export const jsonObject = (text: string): JsonObject | undefined => parsed(text, undefined)

/**
 * As {@link jsonObject}, but nothing is rounded: an integer beyond 2^53, which no number of JavaScript holds exactly, is a text of its
 * digits. A runtime that does not tell what stands in the text (ECMAScript's `JSON.parse` with source) rounds it all the same.
 */
export const exactJsonObject = (text: string): JsonObject | undefined =>
  parsed(text, long_integer.test(text) ? digitsAsText : undefined)

/** Where a value begins that may be such an integer: a reviver makes parsing several times as dear, and most answers have none. */
const long_integer = /[:[,]\s*-?\d{16}/

const digitsAsText = (_: string, value: unknown, context?: { readonly source?: string }): unknown => {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value
  const digits = context?.source ?? ""
  return /^-?\d+$/.test(digits) ? digits : value
}

const parsed = (text: string, reviver: typeof digitsAsText | undefined): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text, reviver)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
