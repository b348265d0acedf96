/** `bun run actions:table`: every action, and what has been tried on it just now. Exit status 1 when anything failed. */
import type { AnyAction } from "../../src/core/actions/action.ts"
import { plugins } from "../../src/plugins/index.ts"
import { type Cell, type Column, cellOf, columns, legend } from "./cells.ts"

export const actions = plugins.flatMap(({ actions }): readonly AnyAction[] => actions)
export const titles = Object.keys(columns) as Column[]

const print = (text: string) => process.stdout.write(`${text}\n`)

const main = async (): Promise<void> => {
  const failures: string[] = []
  const rows: string[][] = [["action", ...titles]]
  for (const action of actions) {
    const cells: Cell[] = []
    for (const title of titles) {
      const cell = await cellOf(action, title)
      if (cell.startsWith("FAILED")) failures.push(`${action.slug}, ${title}: ${cell}`)
      cells.push(cell === "ok" ? cell : cell.startsWith("FAILED") ? "FAILED" : `n/a ${cell}`)
    }
    rows.push([action.slug, ...cells])
  }
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)))
  for (const row of rows)
    print(
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join("  ")
        .trimEnd(),
    )
  print("")
  for (const [letter, why] of Object.entries(legend)) print(`n/a ${letter}: ${why}`)
  const cells = rows.slice(1).flatMap((row) => row.slice(1))
  const count = (start: string) => cells.filter((cell) => cell.startsWith(start)).length
  print(`\n${actions.length} actions: ${count("ok")} ok, ${count("n/a")} not applicable, ${failures.length} failed`)
  for (const failure of failures) print(failure)
  process.exitCode = failures.length > 0 ? 1 : 0
}

if (import.meta.main) await main()
