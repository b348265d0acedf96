/** The arguments of one field of a GraphQL query, wherever their values stand. */

type Values = Readonly<Record<string, unknown>>

const token_form = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|\$?\w+|[[\]:]/g

/**
 * What stands between the brackets after `field`: `first: 50` as well as `first: $size` with a variable of that name or a default
 * (`$size: Int = 50`). Names such as `USER` are texts. Undefined when the field is not asked for, or its arguments cannot be read.
 */
export function argumentsOf(query: string, field: string, variables: Values): Values | undefined {
  const [, inside] = new RegExp(`\\b${field}\\s*\\(([^)]*)\\)`).exec(query) ?? []
  if (inside === undefined) return undefined
  const tokens: readonly string[] = inside.match(token_form) ?? []
  const found: Record<string, unknown> = {}
  for (let at = 0; at < tokens.length; ) {
    const name = tokens[at]!
    if (!/^[a-z_]\w*$/i.test(name) || tokens[at + 1] !== ":" || tokens[at + 2] === undefined) return undefined
    at += 2
    if (tokens[at] === "[") {
      const end = tokens.indexOf("]", at)
      if (end < 0) return undefined
      found[name] = tokens.slice(at + 1, end).map((token) => valueAt(token, query, variables))
      at = end + 1
    } else found[name] = valueAt(tokens[at++]!, query, variables)
  }
  return found
}

function valueAt(token: string, query: string, variables: Values): unknown {
  if (token.startsWith("$")) {
    const name = token.slice(1)
    if (Object.hasOwn(variables, name)) return variables[name]
    const [, initial] = new RegExp(`\\$${name}\\s*:\\s*[\\w![\\]]+\\s*=\\s*("[^"]*"|\\w+)`).exec(query) ?? []
    return initial === undefined ? undefined : valueAt(initial, query, {})
  }
  if (token === "null") return null
  if (token === "true" || token === "false") return token === "true"
  if (token.startsWith('"')) return JSON.parse(token)
  return /^-?\d/.test(token) ? Number(token) : token
}
