type Fields = Readonly<Record<string, unknown>>
type Test = (fields: Fields) => boolean

const term_form = /^(\w+):(!?)(~?\*?|[<>]=?)(?:'([^']*)'|\[('[^']*'(?:,'[^']*')*)\])$/

/**
 * The part of FQL that the simulator understands: `property:'value'`, with `*` inside the value, `!` before it, a list
 * `['a','b']`, or `>`, `>=`, `<`, `<=` before a value; terms joined by `+`. Undefined for everything else.
 */
export function parseFql(filter: string): Test | undefined {
  const tests = filter.split(/\+(?=\w+:)/).map(parseTerm)
  if (tests.includes(undefined)) return undefined
  return (fields) => tests.every((test) => test!(fields))
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
}

/** Times by their value, everything else as text. An empty text has no order. */
function ordered(own: string, other: string): number {
  if (own === "") return Number.NaN
  const [time, other_time] = [Date.parse(own), Date.parse(other)]
  if (!Number.isNaN(time) && !Number.isNaN(other_time)) return time - other_time
  return own < other ? -1 : Number(own > other)
}

function parseTerm(term: string): Test | undefined {
  const parts = term_form.exec(term.trim())
  if (parts === null) return undefined
  const [, property, not, operator, single, several] = parts
  const compare = comparisons[operator!]
  if (compare !== undefined) {
    if (single === undefined || not === "!") return undefined
    return (fields) => compare(ordered(String(fields[property!] ?? ""), single))
  }
  const values = several === undefined ? [single!] : [...several.matchAll(/'([^']*)'/g)].map(([, value]) => value!)
  const patterns = values.map((value) => new RegExp(`^${value.split("*").map(RegExp.escape).join(".*")}$`, "iu"))
  return (fields) => {
    const own = fields[property!]
    const texts = Array.isArray(own) ? own.map(String) : [String(own ?? "")]
    return texts.some((text) => patterns.some((pattern) => pattern.test(text))) !== (not === "!")
  }
}
