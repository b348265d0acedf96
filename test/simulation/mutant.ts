/** The process of one mutant: breaks the product, then runs seeds until one notices. Prints each seed, then the verdict. */
import { mutants } from "./mutants.ts"
import { breakProduct, seeds_max } from "./mutate.ts"

const say = (line: string) => void process.stdout.write(`${line}\n`)

const mutant = mutants.find(({ name }) => name === process.argv[2])
if (mutant === undefined) throw new Error(`no mutant is called "${process.argv[2]}"`)
await breakProduct(mutant)
const { drawScenario } = await import("./generate/draw.ts")
const { runScenario } = await import("./run/run-scenario.ts")

for (let seed = 1; seed <= seeds_max; seed++) {
  say(String(seed))
  const { broken } = await runScenario(drawScenario(seed))
  if (broken === undefined) continue
  say(JSON.stringify({ seed, broke: `${broken.rule}: ${broken.what}` }))
  process.exit(0)
}
say(JSON.stringify({ broke: "" }))
process.exit(0)
