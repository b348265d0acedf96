/** The product as `bun run build` makes it. It is compiled once, however many tests ask for it. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { compile } from "../../scripts/build/compile.ts"

const shared = globalThis as { akonis_compiled?: string }

/** The path of the executable, which is gone when this process ends. Takes some seconds the first time. */
export const compiled = (): string => {
  if (shared.akonis_compiled === undefined) {
    const folder = mkdtempSync(`${tmpdir()}/akonis-compiled-`)
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
    shared.akonis_compiled = compile(`${folder}/akonis`)
  }
  return shared.akonis_compiled
}
