/** Compiles `floor.c` where the machine has a compiler. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { resolve } from "node:path"

/** The program, which is removed with this process; `undefined` where there is no compiler. */
export function compileFloor(): string | undefined {
  const compiler = Bun.which("cc")
  if (compiler === null) return undefined
  const folder = mkdtempSync(`${tmpdir()}/akonis-floor-`)
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
  const program = `${folder}/floor`
  const source = resolve(import.meta.dir, "floor.c")
  const { exitCode, stderr } = Bun.spawnSync([compiler, "-O2", "-pthread", "-o", program, source])
  if (exitCode !== 0) throw new Error(`floor.c does not compile: ${stderr.toString()}`)
  return program
}
