/** Cuts a failing scenario down to what it takes, and keeps it as a file that is run for ever. */
import { mkdirSync, writeFileSync } from "node:fs"
import type { ClusterScenario } from "../generate/cluster-scenario.ts"
import type { Scenario } from "../generate/scenario.ts"
import type { Outcome } from "./run-scenario.ts"

/** Scenarios that broke a promise: of one process, and of a cluster. */
const seeds = `${import.meta.dir}/../seeds`
export const cluster_seeds = `${seeds}/cluster`

/** Leaves out fault after fault, and half of the events, as long as the same promise stays broken. */
export const shrink = async <S extends Scenario>(
  scenario: S,
  rule: string,
  run: (scenario: S) => Promise<Outcome>,
): Promise<S> => {
  const breaks = async (smaller: S) => (await run(smaller)).broken?.rule === rule
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

function* candidates<S extends Scenario & Partial<Pick<ClusterScenario, "troubles">>>(scenario: S): Generator<S> {
  const { faults, partitions, troubles = [] } = scenario
  for (const trouble of troubles) yield { ...scenario, troubles: troubles.filter((other) => other !== trouble) }
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
  const folder = "troubles" in scenario ? cluster_seeds : seeds
  const path = `${folder}/${name}.json`
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, `${JSON.stringify({ broke, scenario }, null, 2)}\n`)
  return path
}
