/** What was asked of a scenario, held against what was seen, as rows of a table. */

/** A value that has to be equal, or a bound. A list is written with commas. */
type Ask = number | string | boolean | { readonly at_most: number } | { readonly at_least: number }
export type Asked = Readonly<Record<string, Ask>>

export interface Row {
  readonly name: string
  readonly asked: string
  readonly seen: string
  readonly ok: boolean
}

/** Only what was asked is shown of what was seen. */
export const compare = (name: string, asked: Asked, seen: object): Row => {
  const values = new Map<string, unknown>(Object.entries(seen))
  const keys = Object.keys(asked)
  return {
    name,
    asked: keys.map((key) => `${key} ${written(asked[key]!)}`).join(", "),
    seen: keys.map((key) => `${key} ${quoted(values.get(key))}`).join(", "),
    ok: keys.every((key) => meets(values.get(key), asked[key]!)),
  }
}

export const table = (rows: readonly Row[]): string =>
  ["| scenario | asked | seen | |", "| --- | --- | --- | --- |"]
    .concat(
      rows.map(({ name, asked, seen, ok }) => `| ${name} | ${asked} | ${inOneCell(seen)} | ${ok ? "ok" : "FAILED"} |`),
    )
    .join("\n")

const meets = (value: unknown, ask: Ask): boolean => {
  if (typeof ask !== "object") return typeof ask === "string" ? String(value) === ask : value === ask
  if (typeof value !== "number") return false
  return "at_most" in ask ? value <= ask.at_most : value >= ask.at_least
}

const written = (ask: Ask): string => {
  if (typeof ask !== "object") return quoted(ask)
  return "at_most" in ask ? `≤ ${ask.at_most}` : `≥ ${ask.at_least}`
}

const quoted = (value: unknown): string => (String(value) === "" ? "none" : String(value))

const inOneCell = (text: string): string => text.replaceAll("|", "/").replaceAll(/\s*\n\s*/g, " ⏎ ")
