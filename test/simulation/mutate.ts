/** Runs the simulation against broken products: each in a process of its own, whose loader patches one file. */
import { plugin } from "bun"
import { type Mutant, mutants } from "./mutants.ts"

const root = `${import.meta.dir}/../..`
export const seeds_max = 200
/** A mutant that spins without ever looking at the clock is found by the clock on the wall. */
const child_ms_max = 180_000

/** The patched text of its file. Throws when the patch does not fit any more. */
export const patched = async ({ name, file, find, replace }: Mutant): Promise<string> => {
  const text = await Bun.file(`${root}/${file}`).text()
  const parts = text.split(find)
  if (parts.length !== 2)
    throw new Error(`mutant "${name}": its text occurs ${parts.length - 1} times in ${file}, not once`)
  return parts.join(replace)
}

/** Only to be called before anything of the product is loaded. */
export const breakProduct = async (mutant: Mutant): Promise<void> => {
  const contents = await patched(mutant)
  plugin({
    name: mutant.name,
    setup: (build) => {
      build.onLoad({ filter: new RegExp(`${mutant.file.replaceAll(/[.+]/g, "\\$&")}$`) }, () => ({
        contents,
        loader: "ts",
      }))
    },
  })
}

export interface Verdict {
  readonly name: string
  /** The seed that found it; `undefined` when none did. */
  readonly seed: number | undefined
  readonly broke: string
}

/** Runs all of them, `at_once` at a time; `tell` learns of every verdict as it comes. */
export const judgeAll = async (at_once: number, tell: (verdict: Verdict) => void): Promise<readonly Verdict[]> => {
  for (const mutant of mutants) await patched(mutant)
  const verdicts: Verdict[] = []
  const waiting = [...mutants]
  const judgeNext = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const verdict = await judge(mutant)
      verdicts.push(verdict)
      tell(verdict)
    }
  }
  await Promise.all(Array.from({ length: at_once }, judgeNext))
  return verdicts
}

const judge = async (mutant: Mutant): Promise<Verdict> => {
  const child = Bun.spawn(["bun", `${import.meta.dir}/mutant.ts`, mutant.name], {
    stdout: "pipe",
    stderr: "pipe",
    timeout: child_ms_max,
  })
  const [out, complaint] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (child.signalCode !== null)
    return { name: mutant.name, seed: lastSeed(out), broke: "progress: the process never sleeps" }
  if (child.exitCode !== 0) throw new Error(`mutant "${mutant.name}" could not be run: ${complaint}`)
  const { seed, broke } = JSON.parse(out.trim().split("\n").at(-1)!) as {
    readonly seed?: number
    readonly broke: string
  }
  return { name: mutant.name, seed, broke }
}

const lastSeed = (out: string): number => Number(out.trim().split("\n").at(-1) ?? 0)
