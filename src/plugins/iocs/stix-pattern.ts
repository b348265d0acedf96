/** Parses STIX patterns 2.0 and 2.1 into a tree (STIX 2.1 section 9). Which of their values become indicators is decided in `stix-values.ts`. */
import { iocs } from "./limits.ts"
import { PatternError, type Token, type TokenKind, tokens } from "./stix-tokens.ts"

/** `file:hashes.'SHA-256'`, `network-traffic:src_ref.value`, `x:list[*].y`. */
export interface ObjectPath {
  readonly object: string
  /** Keys; a list index as a number, `[*]` as null. */
  readonly steps: readonly (string | number | null)[]
}

interface Literal {
  readonly kind: "text" | "number" | "hex" | "binary" | "timestamp" | "boolean"
  readonly text: string
}

export type Comparison =
  | { readonly kind: "and" | "or"; readonly parts: readonly Comparison[] }
  | {
      readonly kind: "test"
      readonly path: ObjectPath
      /** `=` (also for `==`), `!=` (also for `<>`), `<`, `IN`, `LIKE`, `EXISTS`, ... */
      readonly operator: string
      readonly negated: boolean
      readonly literals: readonly Literal[]
    }

/** `START t'…' STOP t'…'`, `WITHIN 5 SECONDS`, `REPEATS 2 TIMES`. */
interface Qualifier {
  readonly kind: "START" | "WITHIN" | "REPEATS"
  readonly values: readonly string[]
}

export type Observation =
  | { readonly kind: "and" | "or" | "followedby"; readonly parts: readonly Observation[] }
  | { readonly kind: "observation"; readonly comparison: Comparison }
  | { readonly kind: "qualified"; readonly of: Observation; readonly qualifiers: readonly Qualifier[] }

export type Parsed =
  | { readonly ok: true; readonly pattern: Observation }
  | { readonly ok: false; readonly reason: string }

/** Parses a pattern. Never throws; length and depth are bounded. */
export const parsePattern = (pattern: string): Parsed => {
  if (pattern.length > iocs.pattern_chars_max) {
    return { ok: false, reason: `longer than ${iocs.pattern_chars_max} characters` }
  }
  try {
    return { ok: true, pattern: new Parser(tokens(pattern)).pattern() }
  } catch (error) {
    if (error instanceof PatternError) return { ok: false, reason: error.message }
    throw error
  }
}

const equalities: readonly string[] = ["=", "==", "!=", "<>", "<", ">", "<=", ">="]
/** Two ways to write one operator (the grammar's `EQ` and `NEQ`). */
const synonyms: Readonly<Record<string, string>> = { "==": "=", "<>": "!=" }
const on_text: readonly string[] = ["LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"]
const literal_kinds: readonly TokenKind[] = ["text", "number", "hex", "binary", "timestamp"]
const booleans: readonly string[] = ["true", "false"]

/** Recursive descent: one method per rule of the grammar. */
class Parser {
  private next = 0
  private depth = 0

  readonly tokens: readonly Token[]

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  pattern(): Observation {
    const pattern = this.observations()
    if (this.token.kind !== "end") throw this.unexpected("the end")
    return pattern
  }

  /** FOLLOWEDBY binds weakest, then OR, then AND. */
  private observations(): Observation {
    return this.nested(() =>
      this.chain("FOLLOWEDBY", "followedby", () =>
        this.chain("OR", "or", () => this.chain("AND", "and", () => this.observation())),
      ),
    )
  }

  private observation(): Observation {
    let found: Observation
    if (this.skip("(")) {
      found = this.observations()
      this.expect(")")
    } else {
      this.expect("[")
      found = { kind: "observation", comparison: this.comparisons() }
      this.expect("]")
    }
    const qualifiers: Qualifier[] = []
    for (let one = this.qualifier(); one !== undefined; one = this.qualifier()) qualifiers.push(one)
    return qualifiers.length === 0 ? found : { kind: "qualified", of: found, qualifiers }
  }

  private qualifier(): Qualifier | undefined {
    if (this.skip("START")) {
      const start = this.time()
      this.expect("STOP")
      return { kind: "START", values: [start, this.time()] }
    }
    if (this.skip("WITHIN")) {
      const seconds = this.literal("number")
      this.expect("SECONDS")
      return { kind: "WITHIN", values: [seconds] }
    }
    if (this.skip("REPEATS")) {
      const times = this.literal("number")
      this.expect("TIMES")
      return { kind: "REPEATS", values: [times] }
    }
    return undefined
  }

  /** `t'…'` in 2.1, a plain text in 2.0. */
  private time(): string {
    return this.token.kind === "text" ? this.literal("text") : this.literal("timestamp")
  }

  private comparisons(): Comparison {
    return this.nested(() => this.chain("OR", "or", () => this.chain("AND", "and", () => this.comparison())))
  }

  private comparison(): Comparison {
    if (this.skip("(")) {
      const inner = this.comparisons()
      this.expect(")")
      return inner
    }
    const denied = this.skip("NOT")
    if (this.skip("EXISTS")) {
      return { kind: "test", path: this.path(), operator: "EXISTS", negated: denied, literals: [] }
    }
    if (denied) throw this.unexpected("EXISTS")
    const path = this.path()
    const negated = this.skip("NOT")
    const { kind, text: operator } = this.token
    if (kind === "sign" && equalities.includes(operator)) {
      this.next++
      return { kind: "test", path, operator: synonyms[operator] ?? operator, negated, literals: [this.anyLiteral()] }
    }
    if (kind === "word" && on_text.includes(operator)) {
      this.next++
      return { kind: "test", path, operator, negated, literals: [{ kind: "text", text: this.literal("text") }] }
    }
    this.expect("IN")
    return { kind: "test", path, operator: "IN", negated, literals: this.set() }
  }

  private set(): readonly Literal[] {
    this.expect("(")
    const literals: Literal[] = []
    if (this.skip(")")) return literals
    do literals.push(this.anyLiteral())
    while (this.skip(","))
    this.expect(")")
    return literals
  }

  private path(): ObjectPath {
    const object = this.literal("word")
    this.expect(":")
    const steps: (string | number | null)[] = [this.key()]
    for (;;) {
      if (this.skip(".")) steps.push(this.key())
      else if (this.skip("[")) {
        steps.push(this.skip("*") ? null : this.index())
        this.expect("]")
      } else return { object, steps }
    }
  }

  private key(): string {
    return this.token.kind === "text" ? this.literal("text") : this.literal("word")
  }

  private index(): number {
    const index = Number(this.literal("number"))
    if (!Number.isSafeInteger(index)) throw new PatternError("a list index is no whole number")
    return index
  }

  private anyLiteral(): Literal {
    const { kind, text } = this.token
    if (kind === "word" && booleans.includes(text)) {
      this.next++
      return { kind: "boolean", text }
    }
    if (!literal_kinds.includes(kind)) throw this.unexpected("a literal")
    this.next++
    return { kind: kind as Literal["kind"], text }
  }

  private literal(kind: TokenKind): string {
    const token = this.token
    if (token.kind !== kind) throw this.unexpected(`a ${kind}`)
    this.next++
    return token.text
  }

  /** One or more parts; a single one stands for itself. */
  private chain<Kind extends string, Part>(word: string, kind: Kind, part: () => Part) {
    const parts = [part()]
    while (this.skip(word)) parts.push(part())
    return parts.length === 1 ? parts[0]! : { kind, parts }
  }

  private nested<A>(inner: () => A): A {
    if (++this.depth > iocs.pattern_depth_max) {
      throw new PatternError(`nested deeper than ${iocs.pattern_depth_max} levels`)
    }
    const found = inner()
    this.depth--
    return found
  }

  private get token(): Token {
    return this.tokens[Math.min(this.next, this.tokens.length - 1)]!
  }

  private skip(text: string): boolean {
    const { kind, text: own } = this.token
    if ((kind !== "word" && kind !== "sign") || own !== text) return false
    this.next++
    return true
  }

  private expect(text: string): void {
    if (!this.skip(text)) throw this.unexpected(text)
  }

  private unexpected(wanted: string): PatternError {
    const { kind, text, at } = this.token
    const found = kind === "end" ? "the end" : `${JSON.stringify(text.slice(0, 40))} at character ${at}`
    return new PatternError(`expected ${wanted}, found ${found}`)
  }
}
