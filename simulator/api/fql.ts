type Fields = Readonly<Record<string, unknown>>
type Test = (fields: Fields) => boolean

const term_form = /^(\w+):(!?)(~?\*?)(?:'([^']*)'|\[('[^']*'(?:,'[^']*')*)\])$/

/**
 * The part of FQL that the simulator understands: `property:'value'`, with `*` inside the value, `!` before it, or a list
 * `['a','b']`; terms joined by `+`. Undefined for everything else.
 */
export function parseFql(filter: string): Test | undefined {
  const tests = filter.split(/\+(?=\w+:)/).map(parseTerm)
  if (tests.includes(undefined)) return undefined
  return (fields) => tests.every((test) => test!(fields))
}

function parseTerm(term: string): Test | undefined {
  const parts = term_form.exec(term.trim())
  if (parts === null) return undefined
  const [, property, not, , single, several] = parts
  const values = several === undefined ? [single!] : [...several.matchAll(/'([^']*)'/g)].map(([, value]) => value!)
  const patterns = values.map((value) => new RegExp(`^${value.split("*").map(RegExp.escape).join(".*")}$`, "iu"))
  return (fields) => {
    const own = fields[property!]
    const texts = Array.isArray(own) ? own.map(String) : [String(own ?? "")]
    return texts.some((text) => patterns.some((pattern) => pattern.test(text))) !== (not === "!")
  }
}
