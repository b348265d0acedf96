/**
 * Falcon Query Language, as far as the indicator API needs it: `property:'value'`, `+` for and, `,` for or (falconpy,
 * "Falcon Query Language").
 */

/** A value between quotes: nothing in it can end the quotes or act as a wildcard. */
const quote = (value: string): string => `'${value.replaceAll(/[\\'*]/g, "\\$&")}'`

/** `property:'value'`. */
export const is = (property: string, value: string): string => `${property}:${quote(value)}`

/** All of them. */
export const allOf = (...terms: readonly string[]): string => terms.join("+")

/** Any of them. */
export const anyOf = (terms: readonly string[]): string => terms.join(",")
