/**
 * `bun run simulate --seeds N [--seed S] [--hours H]`: drawn scenarios one after the other. What breaks a promise is cut
 * down, saved below `test/simulation/seeds/` and shown as a timeline.
 */
import { parseArgs } from "node:util"
import { drawScenario } from "./generate/draw.ts"
import { runScenario } from "./run/run-scenario.ts"
import { save, shrink } from "./run/shrink.ts"

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    hours: { type: "string" },
  },
})
const first = Number(values.seed)
const count = Number(values.seeds)
const hours = values.hours === undefined ? undefined : Number(values.hours)
const say = (line: string) => void process.stdout.write(`${line}\n`)
const lines_shown = 80

const began_ms = performance.now()
let simulated_ms = 0
let events = 0
let failures = 0
for (let seed = first; seed < first + count; seed++) {
  const scenario = drawScenario(seed, hours)
  const { broken, ...run } = await runScenario(scenario)
  simulated_ms += run.simulated_ms
  events += run.events
  if (broken === undefined) continue
  failures++
  const small = await shrink(scenario, broken.rule)
  const again = await runScenario(small)
  say(`seed ${seed} breaks "${broken.rule}": ${broken.what}`)
  say(`cut down from ${scenario.faults.length} faults to ${small.faults.length}:\n`)
  say(again.timeline.text(lines_shown))
  say(`\nsaved as ${save(`seed-${seed}`, `${broken.rule}: ${broken.what}`, small)}\n`)
}
const seconds = (performance.now() - began_ms) / 1_000
say(
  `${count} seeds, ${failures} broke a promise; ${events} events in ${Math.round(simulated_ms / 3_600_000)} simulated hours took ${seconds.toFixed(1)} s`,
)
process.exit(failures > 0 ? 1 : 0)
