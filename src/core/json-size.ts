/**
 * What parsing a JSON text would cost, found in one pass over it and before anything is parsed: 30 MB of `[` become 2 GB of
 * arrays, and a body of keys that nobody asked for as much.
 */

export interface JsonBounds {
  /** Objects and arrays within each other. */
  readonly depth_max: number
  /** Values of all kinds, those within others included; counted by commas and brackets, so that it may be one or two more. */
  readonly values_max: number
  /** Keys of one object. */
  readonly keys_max: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c

/** The bound that parsing `text` would break, in words; `undefined` when it breaks none. Says nothing about whether it is JSON. */
export const whyTooCostly = (text: string, bounds: JsonBounds): string | undefined => {
  const { depth_max, values_max, keys_max } = bounds
  /** Commas in the objects and arrays that are open; those in arrays count below zero, so that they never pass `keys_max`. */
  const commas: number[] = []
  const in_object: boolean[] = []
  let depth = 0
  let values = 0
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === QUOTE) {
      i = endOfString(text, i)
    } else if (char === COMMA) {
      values++
      if (depth > 0 && in_object[depth - 1] && ++commas[depth - 1]! >= keys_max) {
        return `an object in it has more than ${keys_max} keys`
      }
    } else if (char === 0x5b || char === 0x7b) {
      values++
      if (depth >= depth_max) return `it is nested deeper than ${depth_max} levels`
      commas[depth] = 0
      in_object[depth++] = char === 0x7b
    } else if (char === 0x5d || char === 0x7d) {
      if (depth > 0) depth--
    }
    if (values > values_max) return `it holds more than ${values_max} values`
  }
  return undefined
}

/** The quote that ends the string which begins at `start`; the text's last character when none does. */
const endOfString = (text: string, start: number): number => {
  let end = start
  for (;;) {
    end = text.indexOf('"', end + 1)
    if (end < 0) return text.length
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
  }
}
