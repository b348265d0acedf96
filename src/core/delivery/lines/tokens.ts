/**
 * The small parts of the line scan: words, numbers and runs of plain text in bytes of JSON. Plain functions on one place in the
 * bytes, called per token on the hot path.
 */
/** The bytes of a word that is known to be ASCII. */
export const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0))

/** Whether `src[at..at + length)` is that word. */
export const matches = (src: Uint8Array, at: number, length: number, word: Uint8Array): boolean => {
  if (length !== word.length) return false
  for (let i = 0; i < length; i++) if (src[at + i] !== word[i]) return false
  return true
}

export const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39

export const isHex = (byte: number | undefined): boolean =>
  byte !== undefined &&
  ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66))

/** Bytes that may follow a backslash, besides `u`. */
export const escapable = new Uint8Array(256)
for (const c of '"\\/bfnrt') escapable[c.charCodeAt(0)] = 1

/** Where the number that starts at `at` ends, or -1 if it is none. May look past the line, see {@link LineScanner.scan}. */
export const numberEnd = (src: Uint8Array, at: number): number => {
  let i = at
  if (src[i] === 0x2d) i++
  if (!isDigit(src[i])) return -1
  if (src[i] === 0x30) i++
  else i = digitsEnd(src, i)
  if (src[i] === 0x2e) {
    if (!isDigit(src[++i])) return -1
    i = digitsEnd(src, i)
  }
  if (src[i] === 0x65 || src[i] === 0x45) {
    i++
    if (src[i] === 0x2b || src[i] === 0x2d) i++
    if (!isDigit(src[i])) return -1
    i = digitsEnd(src, i)
  }
  return i
}

const digitsEnd = (src: Uint8Array, at: number): number => {
  let i = at
  for (let byte = src[i]!; byte >= 0x30 && byte <= 0x39; byte = src[i]!) i++
  return i
}

const words = [ascii("true"), ascii("false"), ascii("null")]

/** Where the `true`, `false` or `null` that starts at `at` ends, or -1 if it is none. */
export const wordEnd = (src: Uint8Array, at: number, end: number): number => {
  for (const word of words)
    if (src[at] === word[0] && at + word.length <= end && matches(src, at, word.length, word)) return at + word.length
  return -1
}

/**
 * How many of the four bytes in `word`, from the lowest on, are plain text inside of a string: neither quote nor backslash nor
 * control character. Four bytes at once cost little more than one.
 */
export const plainBytes = (word: number): number => {
  const quote = word ^ 0x22222222
  const backslash = word ^ 0x5c5c5c5c
  // The highest bit of every byte that is not plain. A borrow may mark bytes above the first of them, never below.
  const marks =
    (((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash) | ((word - 0x20202020) & ~word)) &
    0x80808080
  return marks === 0 ? 4 : (31 - Math.clz32(marks & -marks)) >> 3
}

/** Unicode code points in UTF-8 bytes: all bytes but continuation bytes. */
export const characters = (src: Uint8Array, start: number, end: number): number => {
  let count = 0
  for (let i = start; i < end; i++) if ((src[i]! & 0xc0) !== 0x80) count++
  return count
}

/** Nothing but white space and control characters. */
export const isBlank = (src: Uint8Array, start: number, end: number): boolean => {
  for (let i = start; i < end; i++) if (src[i]! > 0x20) return false
  return true
}
