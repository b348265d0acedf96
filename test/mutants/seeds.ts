/** Runs seeded worlds until one breaks a promise. Prints each seed as it begins, and ends with 1 and a verdict when one did. */
import { drawScenario } from "../simulation/generate/draw.ts"
import { runScenario } from "../simulation/run/run-scenario.ts"

const seeds_max = 200
const say = (line: string) => void process.stdout.write(`${line}\n`)

for (let seed = 1; seed <= seeds_max; seed++) {
  say(`seed ${seed}`)
  const { broken } = await runScenario(drawScenario(seed))
  if (broken === undefined) continue
  say(`(fail) seed ${seed}: ${broken.rule}: ${broken.what}`)
  process.exit(1)
}
process.exit(0)
