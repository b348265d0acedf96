/** The words of a STIX pattern (STIX 2.1 section 9; the grammar that OASIS publishes with it). */

/** Why a text is no pattern. Stays inside the parser. */
export class PatternError extends Error {
  override readonly name = "PatternError"
}

export type TokenKind = "word" | "text" | "number" | "hex" | "binary" | "timestamp" | "sign" | "end"

export interface Token {
  readonly kind: TokenKind
  /** A word or sign as it is written; a literal without its quotes, escapes resolved. */
  readonly text: string
  /** Where it begins, counted from 1. */
  readonly at: number
}

/** Longest first. */
const sign_form = /(?:==|!=|<>|<=|>=|[=<>[\](){}:.,*])/y
const word_form = /[A-Za-z_][A-Za-z0-9_-]*/y
const number_form = /[+-]?(?:\d+\.?\d*|\.\d+)/y
const gap_form = /(?:\s+|\/\*.*?\*\/|\/\/[^\n]*)+/sy
const quoted_form = /'((?:[^'\\]|\\.)*)'/sy

const prefixed: Readonly<Record<string, TokenKind>> = { h: "hex", b: "binary", t: "timestamp" }

/** Cuts a pattern into its words. Throws a `PatternError`. */
export const tokens = (pattern: string): readonly Token[] => {
  const found: Token[] = []
  let at = 0
  const match = (form: RegExp): RegExpExecArray | null => {
    form.lastIndex = at
    const found_here = form.exec(pattern)
    if (found_here !== null) at += found_here[0].length
    return found_here
  }
  for (;;) {
    match(gap_form)
    const start = at
    const add = (kind: TokenKind, text: string) => found.push({ kind, text, at: start + 1 })
    if (at >= pattern.length) {
      add("end", "")
      return found
    }
    const quoted = match(quoted_form)
    if (quoted !== null) {
      add("text", unescaped(quoted[1]!))
      continue
    }
    const kind = pattern[at + 1] === "'" ? prefixed[pattern[at]!] : undefined
    if (kind !== undefined) {
      at++
      const literal = match(quoted_form)
      if (literal !== null) {
        add(kind, literal[1]!)
        continue
      }
      at--
    }
    const word = match(word_form)
    if (word !== null) {
      add("word", word[0])
      continue
    }
    const number = match(number_form)
    if (number !== null) {
      add("number", number[0])
      continue
    }
    const sign = match(sign_form)
    if (sign === null) throw new PatternError(`unexpected ${JSON.stringify(pattern[at])} at character ${at + 1}`)
    add("sign", sign[0])
  }
}

/** `\'` and `\\` are the only escapes; before anything else a backslash is itself. */
const unescaped = (text: string): string => text.replaceAll(/\\(['\\])/g, "$1")

/** A text as a STIX string literal. */
export const stixText = (text: string): string => `'${text.replaceAll(/['\\]/g, "\\$&")}'`
