/**
 * Picks a few values out of a line without parsing it, which costs about twice as much. For lines that `LineScanner` has
 * found to be JSON objects; `pick.test.ts` holds it against `JSON.parse`.
 */
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Keys to look for, made once. */
export interface Wanted {
  readonly keys: readonly string[]
  readonly bytes: readonly Uint8Array[]
}

export const wanted = (keys: readonly string[]): Wanted => ({ keys, bytes: keys.map((key) => encoder.encode(key)) })

const event_key = encoder.encode("event")

/**
 * The values of `event.<key>` in the object `src[start..end)`, for strings, numbers, booleans and `null`; other values and
 * keys that are not there are left out. `undefined` where a key is written with escapes: then only parsing helps.
 */
export const pick = (
  src: Uint8Array,
  start: number,
  end: number,
  { keys, bytes }: Wanted,
): Record<string, unknown> | undefined => {
  let picked: Record<string, unknown> = {}
  let depth = 0
  let in_event = false
  let key = -1
  for (let i = start; i < end; ) {
    const byte = src[i]!
    if (byte === QUOTE) {
      const text = i
      let escaped = false
      for (i++; ; ) {
        const c = src[i++]!
        if (c === QUOTE) break
        if (c !== BACKSLASH) continue
        escaped = true
        i++
      }
      if (depth > 2) continue
      if (!isKey(src, i)) {
        if (key >= 0) picked[keys[key]!] = valueAt(src, text, i)
        key = -1
      } else if (escaped) return undefined
      else if (depth === 1) {
        in_event = same(src, text + 1, i - 1, event_key)
        if (in_event) picked = {}
      } else if (in_event) {
        key = indexOf(src, text + 1, i - 1, bytes)
        if (key >= 0) delete picked[keys[key]!]
      }
    } else if (byte === 0x7b || byte === 0x5b) {
      // An array is no event, whatever it holds.
      if (++depth === 2 && byte === 0x5b) in_event = false
      key = -1
      i++
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--
      i++
    } else if (key >= 0 && byte > 0x20 && byte !== COLON) {
      const token = i
      while (src[i]! > 0x20 && src[i] !== 0x2c && src[i] !== 0x7d) i++
      picked[keys[key]!] = valueAt(src, token, i)
      key = -1
    } else i++
  }
  return picked
}

/** Only a key is followed by a colon. */
const isKey = (src: Uint8Array, after: number): boolean => {
  let i = after
  while (src[i]! <= 0x20) i++
  return src[i] === COLON
}

const indexOf = (src: Uint8Array, start: number, end: number, words: readonly Uint8Array[]): number => {
  for (let n = 0; n < words.length; n++) if (same(src, start, end, words[n]!)) return n
  return -1
}

const same = (src: Uint8Array, start: number, end: number, word: Uint8Array): boolean => {
  if (end - start !== word.length) return false
  for (let i = 0; i < word.length; i++) if (src[start + i] !== word[i]) return false
  return true
}

const valueAt = (src: Uint8Array, start: number, end: number): unknown =>
  JSON.parse(decoder.decode(src.subarray(start, end)))
