import { oneLine } from "../core/text.ts"

/** Rows as aligned columns, fit for a terminal whatever the cells hold; the last column is free to be long. */
export const table = (cells: readonly (readonly string[])[]): string => {
  const rows = cells.map((row) => row.map(oneLine))
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join("  ")
  return rows.map(line).join("\n")
}
