/**
 * FQL as the indicator API reads it: `property:'value'`, an operator (`!`, `<`, `<=`, `>`, `>=`) before the value, a list
 * `['a','b']`, bare numbers and booleans; `+` for and, `,` for or, brackets. A backslash takes the meaning from a quote, a `*`
 * or a backslash.
 */
type Fields = Readonly<Record<string, unknown>>
type Test = (fields: Fields) => boolean

/** A character, and whether it is only itself. */
interface Char {
  readonly text: string
  readonly plain: boolean
}

/** Undefined for what is no FQL. */
export function parseIocFql(filter: string): Test | undefined {
  const reader = new Reader(filter)
  try {
    const test = reader.any()
    return reader.ended ? test : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

class Reader {
  #at = 0

  constructor(readonly filter: string) {}

  get ended(): boolean {
    return this.#at === this.filter.length
  }

  any(): Test {
    const tests = [this.#all()]
    while (this.#take(/,/y)) tests.push(this.#all())
    return (fields) => tests.some((test) => test(fields))
  }

  #all(): Test {
    const tests = [this.#term()]
    while (this.#take(/\+/y)) tests.push(this.#term())
    return (fields) => tests.every((test) => test(fields))
  }

  #term(): Test {
    if (this.#take(/\(/y)) {
      const inner = this.any()
      this.#must(/\)/y)
      return inner
    }
    const property = this.#must(/[a-z_.]+/y)
    this.#must(/:/y)
    const operator = this.#take(/!|<=|>=|<|>/y) ?? ""
    const values = this.#take(/\[/y) ? this.#list() : [this.#value()]
    const test = comparison(operator, values)
    return (fields) => test(fields[property])
  }

  #list(): (readonly Char[])[] {
    const values = [this.#value()]
    while (this.#take(/,/y)) values.push(this.#value())
    this.#must(/\]/y)
    return values
  }

  #value(): readonly Char[] {
    const bare = this.#take(/true|false|\d+/y)
    if (bare !== undefined) return [...bare].map((text) => ({ text, plain: true }))
    const quoted = this.#must(/'(?:[^'\\]|\\.)*'/sy).slice(1, -1)
    return [...quoted.matchAll(/\\(.)|(.)/gsu)].map(([, escaped, text]) => ({
      text: escaped ?? text!,
      plain: escaped !== undefined,
    }))
  }

  #take(form: RegExp): string | undefined {
    form.lastIndex = this.#at
    const found = form.exec(this.filter)?.[0]
    this.#at += found?.length ?? 0
    return found
  }

  #must(form: RegExp): string {
    const found = this.#take(form)
    if (found === undefined) throw new SyntaxError(`at ${this.#at}`)
    return found
  }
}

function comparison(operator: string, values: readonly (readonly Char[])[]): (own: unknown) => boolean {
  if (operator === "" || operator === "!") {
    const patterns = values.map(pattern)
    return (own) => {
      const texts = Array.isArray(own) ? own.map(String) : [String(own ?? "")]
      return texts.some((text) => patterns.some((one) => one.test(text))) !== (operator === "!")
    }
  }
  const limit = (values[0] ?? []).map(({ text }) => text).join("")
  return (own) => {
    const difference = compare(String(own ?? ""), limit)
    if (Number.isNaN(difference)) return false
    return operator.startsWith("<")
      ? difference < 0 || (difference === 0 && operator === "<=")
      : difference > 0 || (difference === 0 && operator === ">=")
  }
}

const pattern = (value: readonly Char[]): RegExp =>
  new RegExp(
    `^${value.map(({ text, plain }) => (text === "*" && !plain ? ".*" : RegExp.escape(text))).join("")}$`,
    "isu",
  )

/** Dates as dates. */
const compare = (own: string, limit: string): number => Date.parse(own) - Date.parse(limit)
