/**
 * Falcon Query Language as clients send it, for every route that takes a `filter`.
 *
 * `property:value` with an operator before the value: none, `!`, `>`, `>=`, `<`, `<=`, `~` (text match), `!~`, `*` (part of
 * a text). A value is quoted with `'` or `"` (falconpy and PSFalcon send the one, Sekoia's module and Elastic's the other), or
 * it is `true`, `false`, `null`, a number or a time such as `now-7d`; `['a','b']` is any of them. `*` within quotes stands for
 * any text, and alone for any value at all; a backslash takes the meaning from a quote, a `*` or a backslash. `+` is and, `,` is or and binds less, brackets group.
 * Letters are compared without case. Sources: falconpy.io "Falcon Query Language", PSFalcon's wiki "Filtering results",
 * falcon-mcp's guides.
 */
import { type Char, judge, type Operator, type Value } from "./fql-values.ts"

type Fields = Readonly<Record<string, unknown>>

/** A filter that was understood. */
export interface Fql {
  readonly matches: (fields: Fields) => boolean
  /** What it asks for, such as `hostname` or `device.hostname`. */
  readonly properties: readonly string[]
}

/** "A FQL statement can have a maximum of 20 properties defined" (falconpy, PSFalcon): distinct ones. */
const properties_max = 20

/** Undefined for what is no FQL. `now` is the time that `now-7d` counts from. */
export function parseFql(filter: string, now: number): Fql | undefined {
  const reader = new Reader(filter, now)
  try {
    const matches = reader.any()
    const properties = [...reader.properties]
    return reader.ended && properties.length <= properties_max ? { matches, properties } : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

type Test = Fql["matches"]

/** A bare `*`, as in `assigned_to_name:!*`. */
const anything: Value = [{ text: "*", plain: false }]

class Reader {
  readonly properties = new Set<string>()
  #at = 0

  readonly filter: string
  readonly now: number

  constructor(filter: string, now: number) {
    this.filter = filter
    this.now = now
  }

  get ended(): boolean {
    return this.#at === this.filter.length
  }

  any(): Test {
    const tests = [this.#all()]
    while (this.#match(/\s*,\s*/y) !== undefined) tests.push(this.#all())
    return (fields) => tests.some((test) => test(fields))
  }

  #all(): Test {
    const tests = [this.#term()]
    while (this.#match(/\s*\+\s*/y) !== undefined) tests.push(this.#term())
    return (fields) => tests.every((test) => test(fields))
  }

  #term(): Test {
    if (this.#match(/\(\s*/y) !== undefined) {
      const inner = this.any()
      this.#must(/\s*\)/y)
      return inner
    }
    const property = this.#must(/[a-z_][\w.]*/iy).toLowerCase()
    this.properties.add(property)
    this.#must(/:/y)
    const operator = (this.#match(/!~|!\*(?=['"])|!|<=|>=|<|>|~|\*(?=['"])/y) ?? "") as Operator
    const values = this.#match(/\[\s*/y) === undefined ? [this.#value()] : this.#list()
    const test = judge(operator, values, this.now)
    if (test === undefined) throw new SyntaxError(`${operator} takes no such value`)
    const path = property.replace(/\.raw$/, "").split(".")
    return (fields) => test(at(fields, path))
  }

  #list(): readonly Value[] {
    const values = [this.#value()]
    while (this.#match(/\s*,\s*/y) !== undefined) values.push(this.#value())
    this.#must(/\s*\]/y)
    return values
  }

  #value(): Value {
    const bare = this.#match(/(?:null|true|false|now(?:[+-]\d+[smhdwMy])?|-?\d+(?:\.\d+)?)(?![\w.:-])/y)
    if (bare === "null") return null
    if (this.#match(/\*/y) !== undefined) return anything
    if (bare !== undefined) return [...bare].map((text) => ({ text, plain: true }))
    const quoted = this.#must(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/sy).slice(1, -1)
    return [...quoted.matchAll(/\\(.)|(.)/gsu)].map(
      ([, escaped, text]): Char => ({ text: escaped ?? text!, plain: escaped !== undefined }),
    )
  }

  #match(form: RegExp): string | undefined {
    form.lastIndex = this.#at
    const found = form.exec(this.filter)?.[0]
    this.#at += found?.length ?? 0
    return found
  }

  #must(form: RegExp): string {
    const found = this.#match(form)
    if (found === undefined) throw new SyntaxError(`at ${this.#at}`)
    return found
  }
}

/** What stands at a path; of a list, what stands there in each entry. */
function at(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (Array.isArray(value)) return value.map((entry) => at(entry, path))
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined
  return at((value as Fields)[key], rest)
}
