/** Cuts a failing scenario down to what it takes, and keeps it as a file that is run for ever. */
import { mkdirSync, writeFileSync } from "node:fs"
import type { Scenario } from "../generate/scenario.ts"
import { runScenario } from "./run-scenario.ts"

/** Leaves out fault after fault, and half of the events, as long as the same promise stays broken. */
export const shrink = async (scenario: Scenario, rule: string): Promise<Scenario> => {
  const breaks = async (smaller: Scenario) => (await runScenario(smaller)).broken?.rule === rule
  let small = scenario
  for (let changed = true; changed; ) {
    changed = false
    for (const smaller of candidates(small)) {
      if (!(await breaks(smaller))) continue
      small = smaller
      changed = true
      break
    }
  }
  return small
}

function* candidates(scenario: Scenario): Generator<Scenario> {
  const { faults, partitions } = scenario
  for (const fault of faults) yield { ...scenario, faults: faults.filter((other) => other !== fault) }
  for (const [i, plan] of partitions.entries()) {
    const halves = [
      { ...plan, backlog: plan.backlog >> 1 },
      { ...plan, later: plan.later >> 1 },
      { ...plan, poison_share: 0 },
    ]
    for (const half of halves) {
      if (JSON.stringify(half) !== JSON.stringify(plan)) yield { ...scenario, partitions: partitions.with(i, half) }
    }
  }
}

/** Saves a scenario with what it broke. */
export const save = (name: string, broke: string, scenario: Scenario): string => {
  const folder = `${import.meta.dir}/../seeds`
  const path = `${folder}/${name}.json`
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, `${JSON.stringify({ broke, scenario }, null, 2)}\n`)
  return path
}
