/** What a term of FQL says about the value of its property. */

/** A character of a value, and whether it is only itself: a `*` that is not stands for any text. */
export interface Char {
  readonly text: string
  readonly plain: boolean
}

/** Null, or characters. */
export type Value = readonly Char[] | null

type Judge = (own: unknown) => boolean

/** `!`, `>`, `~` and so on, or an empty text for "equal to". */
export type Operator = "" | "!" | ">" | ">=" | "<" | "<=" | "~" | "!~" | "*" | "!*"

/** Whether what a property holds is what the operator and the values ask for. Undefined: the operator takes no such value. */
export function judge(operator: Operator, values: readonly Value[], now: number): Judge | undefined {
  const negated = operator.startsWith("!")
  const positive = operator.replace("!", "")
  if (/[<>]/.test(positive)) {
    const [limit] = values
    return limit === undefined || limit === null || values.length > 1
      ? undefined
      : inOrder(positive, limit.map(({ text }) => text).join(""), now)
  }
  const judges = values.map((value) => (value === null ? absent : likeness(positive, value)))
  const one = (own: unknown) => judges.some((like) => like(own))
  return negated ? (own) => !one(own) : one
}

/** Null is what is missing, and a list without entries. */
const absent: Judge = (own) => textsOf(own).length === 0

function likeness(operator: string, value: readonly Char[]): Judge {
  if (operator === "~") return textMatch(value)
  const has_star = value.some(({ text, plain }) => text === "*" && !plain)
  if (has_star && value.length === 1) return (own) => textsOf(own).some((text) => text !== "")
  const any = { text: "*", plain: false }
  const form = pattern(operator === "*" && !has_star ? [any, ...value, any] : value)
  // An empty text is asked for to find what has none (falcon-mcp: `instance_id:!''`).
  return (own) => {
    const texts = textsOf(own)
    return (texts.length === 0 ? [""] : texts).some((text) => form.test(text))
  }
}

const pattern = (value: readonly Char[]): RegExp =>
  new RegExp(
    `^${value.map(({ text, plain }) => (text === "*" && !plain ? ".*" : RegExp.escape(text))).join("")}$`,
    "isu",
  )

/** "Tokenizes the string, ignoring spaces, case, and punctuation" (falconpy): every word is wanted, in any order. */
function textMatch(value: readonly Char[]): Judge {
  const wanted = value
    .map(({ text }) => text)
    .join("")
    .toLowerCase()
    .split(/[^\p{L}\p{N}*]+/u)
    .filter((word) => word !== "")
    .map((word) => pattern([...word].map((text) => ({ text, plain: text !== "*" }))))
  return (own) =>
    textsOf(own).some((text) => {
      const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
      return wanted.every((word) => words.some((one) => word.test(one)))
    })
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
}

/** Numbers by their value, times too; everything else as text. What has no value is in no order. */
function inOrder(operator: string, limit: string, now: number): Judge {
  const compare = comparisons[operator]!
  const number = /^-?\d+(\.\d+)?$/.test(limit) ? Number(limit) : undefined
  const time = number === undefined ? timeOf(limit, now) : undefined
  return (own) =>
    textsOf(own).some((text) => {
      if (text === "") return false
      if (number !== undefined) return compare(Number(text) - number)
      if (time !== undefined) return compare(Date.parse(text) - time)
      return compare(text < limit ? -1 : Number(text > limit))
    })
}

const unit_ms: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  M: 30 * 86_400_000,
  y: 365 * 86_400_000,
}

/** A date, with or without a time of day; `now`, and so long before or after it. Undefined for what is no time. */
function timeOf(text: string, now: number): number | undefined {
  const relative = /^now(?:([+-])(\d{1,6})([smhdwMy]))?$/.exec(text)
  if (relative !== null) {
    const [, sign, count = "0", unit = "s"] = relative
    return now + (sign === "-" ? -1 : 1) * Number(count) * unit_ms[unit]!
  }
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return undefined
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}

function textsOf(own: unknown): readonly string[] {
  if (own === undefined || own === null) return []
  return Array.isArray(own) ? own.flatMap(textsOf) : [String(own)]
}
