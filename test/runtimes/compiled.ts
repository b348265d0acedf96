/** The product as `bun run build` makes it, compiled once for this process. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"

let path: string | undefined

/** The path of the executable, which is gone when this process ends. Takes some seconds the first time. */
export const compiled = (): string => {
  if (path !== undefined) return path
  const folder = mkdtempSync(`${tmpdir()}/akonis-compiled-`)
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
  const build = [process.execPath, "scripts/build.ts", "--outfile", `${folder}/akonis`]
  const { exitCode, stderr } = Bun.spawnSync(build, { cwd: `${import.meta.dir}/../..` })
  if (exitCode !== 0) throw new Error(`the product was not compiled: ${stderr}`)
  path = `${folder}/akonis`
  return path
}
