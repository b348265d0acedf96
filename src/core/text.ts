/**
 * Text that somebody else wrote: Falcon, the intake, a proxy, a file. It is cleaned once, where it comes in, and after that
 * may stand in a log, on a terminal, in health and in an answer.
 */
import { hiddenCharsMax, redact } from "./telemetry/redact.ts"

/** White space of any kind and length. */
const BLANKS = /[\s\u0085]+/gu

/** Sequences that steer a terminal: CSI, the texts of OSC, DCS, APC, PM and SOS, and two-byte escapes; one that does not end too. */
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])(?:[^\x07\x1b\x9c]{0,256}(?:\x07|\x1b\\|\x9c))?|\x1b[ -/]*[0-~]?/gu

/**
 * What must not reach a terminal or a line of a log: C0, DEL, C1; line and paragraph separators; marks that turn the
 * direction of a text around, or that nobody sees (zero width, tags).
 */
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]+/gu

/** Stands where something was taken away. */
const MARK = "\ufffd"
const CUT = "…"

/**
 * `text` fit to be shown: known secrets replaced, on one line, without escape sequences and control characters (each run of
 * them becomes U+FFFD, each run of white space one blank), at most `chars_max` code points long; a text that was cut ends with
 * `…`. Secrets go first: half a secret would not be found. The work is bounded as well, however long the text is.
 */
export const cleanText = (text: string, chars_max: number): string => {
  const part = shown(text, chars_max)
  const clean = redact(oneLine(part)).trim()
  return cut(clean, chars_max, part.length < text.length)
}

/** A text that came with something else, where it may also be no text at all. */
export const cleanTextOr = <A>(value: unknown, chars_max: number, otherwise: A): string | A =>
  typeof value === "string" ? cleanText(value, chars_max) : otherwise

/** The text on one line, without anything that steers a terminal; secrets and length as they are. */
export const oneLine = (text: string): string =>
  text.toWellFormed().replaceAll(ESCAPES, MARK).replaceAll(BLANKS, " ").replaceAll(CONTROLS, MARK)

/**
 * Lines that a terminal may show: what `CONTROLS` names is written as `\u…`, line ends stay. JSON stays the same JSON, since in
 * what `JSON.stringify` writes such characters stand inside strings only.
 */
export const terminalText = (lines: string): string =>
  lines.replaceAll(CONTROLS, (run) => run.split("\n").map(escaped).join("\n"))

const escaped = (run: string): string =>
  Array.from({ length: run.length }, (_, i) => `\\u${run.charCodeAt(i).toString(16).padStart(4, "0")}`).join("")

/**
 * The beginning of `text`, redacted, as far as it can matter: what is left of it after redaction may be shorter by much. Where
 * it was cut, the last characters could be the beginning of a secret, and go.
 */
const shown = (text: string, chars_max: number): string => {
  const longest = hiddenCharsMax()
  const enough = 8 * chars_max + 2 * longest + 1_024
  if (text.length <= enough) return redact(text)
  const head = redact(text.slice(0, enough))
  return head.slice(0, Math.max(0, head.length - longest))
}

const cut = (text: string, chars_max: number, was_longer: boolean): string => {
  if (text.length <= chars_max && !was_longer) return text
  const chars = [...text.slice(0, 2 * chars_max + 2)]
  if (chars.length <= chars_max && !was_longer) return text
  return `${chars.slice(0, Math.max(0, chars_max - CUT.length)).join("")}${CUT}`
}
