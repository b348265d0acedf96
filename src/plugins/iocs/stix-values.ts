/**
 * Finds the values in a STIX pattern that can become indicators: only those that the pattern calls bad by themselves. What it
 * calls bad together with something else (a hash and a file name, an address and a port) is not bad alone.
 */

import { checkValue, type IocType } from "./ioc-value.ts"
import { type Comparison, type ObjectPath, type Observation, parsePattern } from "./stix-pattern.ts"
import { stixText } from "./stix-tokens.ts"

export interface Value {
  readonly type: IocType
  readonly value: string
}

export interface Skipped {
  readonly reason: string
  readonly type?: IocType
  readonly value?: string
}

export interface Taken {
  readonly values: readonly Value[]
  readonly skipped: readonly Skipped[]
}

/**
 * - `=` is taken; every other operator is not
 * - several hashes of one file, joined by AND, in brackets or not: each names that file, each is taken; any other AND is not.
 *   An OR below the AND is fine as long as no algorithm comes with two values: then it still is one file
 * - OR, and several observations whatever joins them: each is taken
 * - qualifiers say when and how often, not what: they change nothing
 */
export const valuesOfPattern = (pattern: string, types: readonly IocType[]): Taken => {
  const parsed = parsePattern(pattern)
  if (!parsed.ok) return { values: [], skipped: [{ reason: `malformed pattern: ${parsed.reason}` }] }
  const values = new Map<string, Value>()
  const skipped = new Map<string, Skipped>()
  for (const comparison of comparisonsOf(parsed.pattern)) {
    for (const one of judge(comparison, types)) {
      if ("reason" in one) skipped.set(`${one.type}:${one.value}:${one.reason}`, one)
      else values.set(`${one.type}:${one.value}`, one)
    }
  }
  return { values: [...values.values()], skipped: [...skipped.values()] }
}

const comparisonsOf = (pattern: Observation): readonly Comparison[] => {
  if (pattern.kind === "observation") return [pattern.comparison]
  return pattern.kind === "qualified" ? comparisonsOf(pattern.of) : pattern.parts.flatMap(comparisonsOf)
}

type Judged = readonly (Value | Skipped)[]

const judge = (comparison: Comparison, types: readonly IocType[]): Judged => {
  if (comparison.kind === "or") return comparison.parts.flatMap((part) => judge(part, types))
  if (comparison.kind === "test") return judgeTest(comparison, types)
  const parts = flat(comparison)
  return oneFile(leaves(comparison))
    ? leaves(comparison).flatMap((test) => judgeTest(test, types))
    : [{ reason: `a conjunction, of which no part is bad by itself: ${parts.map(shown).join(" AND ")}`.slice(0, 400) }]
}

/** The parts of an AND, with those of an AND within it. */
const flat = (comparison: Comparison): readonly Comparison[] =>
  comparison.kind === "and" ? comparison.parts.flatMap(flat) : [comparison]

type Test = Comparison & { readonly kind: "test" }

/** Every test within, whatever joins them. */
const leaves = (comparison: Comparison): readonly Test[] =>
  comparison.kind === "test" ? [comparison] : comparison.parts.flatMap(leaves)

/** Only hashes of one file: no algorithm with two values. */
const oneFile = (tests: readonly Test[]): boolean => {
  const hashes = new Map<string, string>()
  return tests.every(({ operator, negated, path, literals }) => {
    if (operator !== "=" || negated) return false
    const algorithm = algorithmOf(path)
    const value = literals[0]?.text.trim().toLowerCase()
    if (algorithm === undefined || value === undefined) return false
    const other = hashes.get(algorithm)
    hashes.set(algorithm, value)
    return other === undefined || other === value
  })
}

const judgeTest = (test: Test, types: readonly IocType[]): Judged => {
  const type = typeOf(test.path)
  if (type === undefined) return [{ reason: `${shownPath(test.path)} is not supported` }]
  if (!types.includes(type)) return [{ type, reason: `${type} is not taken, only ${types.join(", ")}` }]
  if (test.operator !== "=" || test.negated) {
    return [{ type, reason: `only = is taken, not ${test.negated ? "NOT " : ""}${test.operator}` }]
  }
  const [literal] = test.literals
  if (literal?.kind !== "text") return [{ type, reason: "the value is no text" }]
  const checked = checkValue(type, literal.text)
  if ("value" in checked) return [{ type, value: checked.value }]
  return [{ type, value: literal.text.slice(0, 256), reason: checked.reason }]
}

const addresses: Readonly<Record<string, IocType>> = {
  "ipv4-addr": "ipv4",
  "ipv6-addr": "ipv6",
  "domain-name": "domain",
}

const typeOf = (path: ObjectPath): IocType | undefined => {
  const algorithm = algorithmOf(path)
  if (algorithm === "md5" || algorithm === "sha256") return algorithm
  const is_value = path.steps.length === 1 && path.steps[0] === "value"
  return is_value && Object.hasOwn(addresses, path.object) ? addresses[path.object] : undefined
}

/** `file:hashes.<algorithm>`: `MD5`, `'SHA-256'`, and the ways in which they are misspelt. */
const algorithmOf = ({ object, steps }: ObjectPath): string | undefined => {
  const [hashes, algorithm] = steps
  if (object !== "file" || hashes !== "hashes" || steps.length !== 2 || typeof algorithm !== "string") return undefined
  return algorithm.toLowerCase().replaceAll(/[-_]/g, "")
}

const shown = (comparison: Comparison): string =>
  comparison.kind === "test"
    ? `${shownPath(comparison.path)} ${comparison.negated ? "NOT " : ""}${comparison.operator}`
    : "(…)"

const shownPath = ({ object, steps }: ObjectPath): string => {
  const [first, ...rest] = steps.map((step) => (typeof step === "string" ? key(step) : `[${step ?? "*"}]`))
  const path = rest.map((step) => (step.startsWith("[") ? step : `.${step}`)).join("")
  return `${object}:${first}${path}`.slice(0, 200)
}

const key = (step: string): string => (/^[A-Za-z_]\w*$/.test(step) ? step : stixText(step))
