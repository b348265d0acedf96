import type { Fact, Parameter } from "./fact.ts"

type Values = Readonly<Record<string, unknown>>

/** Longer query strings are refused on the way; PSFalcon stays below 18,500 for the ids alone. */
const query_chars_max = 20_000

/** Where a request departs from what is documented; one text each. */
export function deviations(fact: Fact, query: URLSearchParams, body: unknown): string[] {
  const found = [...query.keys()]
    .filter((key) => fact.query[key] === undefined)
    .map((key) => `query key ${key} is not documented`)
  for (const [key, parameter] of Object.entries(fact.query)) {
    const values = query.getAll(key)
    if (values.length === 0 && parameter.required) found.push(`query key ${key} is missing`)
    if (values.length > 1 && parameter.type !== "array") found.push(`query key ${key} is repeated`)
    for (const value of values) found.push(...textProblems(`query key ${key}`, parameter, value))
  }
  if (query.toString().length > query_chars_max) found.push(`the query is longer than ${query_chars_max} characters`)
  if (fact.body !== undefined) found.push(...objectProblems("body", fact.body, body))
  else if (body !== undefined) found.push("a body where none is documented")
  const count = listOf(fact, query, body).length
  if (count > (fact.list?.max ?? count)) found.push(`${count} ${fact.list!.key}, at most ${fact.list!.max} are allowed`)
  return [...new Set(found)]
}

/** The ids or rows that a request carries. */
export function listOf(fact: Fact, query: URLSearchParams, body: unknown): readonly unknown[] {
  if (fact.list === undefined) return []
  if (fact.list.in === "query") return query.getAll(fact.list.key)
  const list = isObject(body) ? body[fact.list.key] : undefined
  return Array.isArray(list) ? list : []
}

function textProblems(where: string, parameter: Parameter, value: string): string[] {
  if (parameter.type === "boolean") return value === "true" || value === "false" ? [] : [`${where} is no boolean`]
  if (parameter.type === "integer" && !/^-?\d+$/.test(value)) return [`${where} is no integer`]
  return valueProblems(where, parameter, parameter.type === "integer" ? Number(value) : value)
}

function objectProblems(where: string, keys: Readonly<Record<string, Parameter>>, value: unknown): string[] {
  if (!isObject(value)) return [`${where} is no object`]
  const unknown = Object.keys(value)
    .filter((key) => keys[key] === undefined)
    .map((key) => `${where} key ${key} is not documented`)
  const problems = Object.entries(keys).flatMap(([key, parameter]) => {
    const own = value[key]
    if (own === undefined) return parameter.required ? [`${where} key ${key} is missing`] : []
    if (typeName(own) !== parameter.type) return [`${where} key ${key} is no ${parameter.type}`]
    if (Array.isArray(own) && parameter.items !== undefined) {
      const items = parameter.items
      return own.flatMap((item) => objectProblems(`${where} ${key}`, items, item))
    }
    return valueProblems(`${where} key ${key}`, parameter, own)
  })
  return [...unknown, ...problems]
}

function valueProblems(where: string, parameter: Parameter, value: unknown): string[] {
  if (parameter.enum !== undefined && !parameter.enum.includes(String(value))) return [`${where}: ${value} is unknown`]
  if (typeof value !== "number") return []
  const { min = value, max = value } = parameter
  return value < min || value > max ? [`${where}: ${value} is not between ${min} and ${max}`] : []
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "array"
  return Number.isInteger(value) ? "integer" : typeof value
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
