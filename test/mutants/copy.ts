/** A copy of the project that may be broken: what is patched there is mended again after each run. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Mutant } from "./mutant.ts"

const root = join(import.meta.dir, "../..")

/** What no test needs, or what is linked instead. */
const left_out = new Set(["node_modules", ".git", "dist", "data"])

/** The text of a mutant's file, broken. Throws when the text that it replaces is not in there exactly once. */
export const broken = ({ name, file, find, replace }: Mutant, folder = root): string => {
  const parts = readFileSync(join(folder, file), "utf8").split(find)
  if (parts.length !== 2)
    throw new Error(`mutant "${name}": its text occurs ${parts.length - 1} times in ${file}, not once`)
  return parts.join(replace)
}

export interface Copy {
  readonly folder: string
  /** Writes the broken file; the returned function mends it. */
  readonly breakWith: (mutant: Mutant) => () => void
  readonly remove: () => void
}

export const makeCopy = (): Copy => {
  const folder = mkdtempSync(join(tmpdir(), "akonis-mutants-"))
  for (const name of readdirSync(root))
    if (!left_out.has(name)) cpSync(join(root, name), join(folder, name), { recursive: true })
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  return {
    folder,
    breakWith: (mutant) => {
      const path = join(folder, mutant.file)
      const text = readFileSync(path, "utf8")
      writeFileSync(path, broken(mutant, folder))
      return () => writeFileSync(path, text)
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
