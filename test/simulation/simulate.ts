/**
 * `bun run simulate --seeds N [--seed S] [--hours H] [--cluster]`: drawn scenarios one after the other, of one process or of a cluster. What
 * breaks a promise is cut down, saved below `test/simulation/seeds/` and shown as a timeline.
 */
import { parseArgs } from "node:util"
import { drawScenario } from "./generate/draw.ts"
import { drawCluster } from "./generate/draw-cluster.ts"
import type { Scenario } from "./generate/scenario.ts"
import { runCluster } from "./run/run-cluster.ts"
import { type Outcome, runScenario } from "./run/run-scenario.ts"
import { save, shrink } from "./run/shrink.ts"

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    hours: { type: "string" },
    cluster: { type: "boolean", default: false },
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
let takeovers = 0
let repeats = 0

const tryOne = async <S extends Scenario>(scenario: S, run: (scenario: S) => Promise<Outcome>): Promise<void> => {
  const { broken, ...outcome } = await run(scenario)
  simulated_ms += outcome.simulated_ms
  events += outcome.events
  takeovers += outcome.takeovers ?? 0
  repeats += outcome.repeats ?? 0
  if (broken === undefined) return
  failures++
  const { seed } = scenario
  const small = await shrink(scenario, broken.rule, run)
  const again = await run(small)
  say(`seed ${seed} breaks "${broken.rule}": ${broken.what}`)
  say(`cut down from ${scenario.faults.length} faults to ${small.faults.length}:\n`)
  say(again.timeline.text(lines_shown))
  say(`\nsaved as ${save(`seed-${seed}`, `${broken.rule}: ${broken.what}`, small)}\n`)
}

for (let seed = first; seed < first + count; seed++)
  await (values.cluster ? tryOne(drawCluster(seed), runCluster) : tryOne(drawScenario(seed, hours), runScenario))

const seconds = (performance.now() - began_ms) / 1_000
const moved = values.cluster ? ` and ${takeovers} takeovers, after which ${repeats} came again,` : ""
say(
  `${count} seeds, ${failures} broke a promise; ${events} events${moved} in ${Math.round(simulated_ms / 3_600_000)} simulated hours took ${seconds.toFixed(1)} s`,
)
process.exit(failures > 0 ? 1 : 0)
