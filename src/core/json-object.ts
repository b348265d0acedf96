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
export const jsonObject = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
