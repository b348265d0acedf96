/** Runs one scenario of a cluster: two or three processes of the product over one modelled database, an oracle watching. */
import { Random } from "../../../simulator/events/random.ts"
import { type ClusterScenario, type Trouble, troublesEndMs, type Who } from "../generate/cluster-scenario.ts"
import { AssetTasks } from "../model/asset-tasks.ts"
import { Falcon } from "../model/falcon.ts"
import { Graph } from "../model/graph.ts"
import { makeLogs } from "../model/workload.ts"
import { ClusterOracle } from "../oracles/cluster-oracle.ts"
import type { Break } from "../oracles/delivery-oracle.ts"
import { MannersOracle } from "../oracles/manners-oracle.ts"
import { boundMs, Patience, quietMs } from "../oracles/patience.ts"
import { Engine } from "./engine.ts"
import { Faults } from "./faults.ts"
import { Lines } from "./lines.ts"
import type { Outcome } from "./run-scenario.ts"
import { type Gate, type Process, Runner } from "./runner.ts"
import { environment, start_ms, steps_max } from "./settings.ts"
import { VirtualTime } from "./time.ts"
import { Timeline } from "./timeline.ts"
import { layerWire } from "./wire.ts"

const minutes = 60_000

export const runCluster = async (scenario: ClusterScenario): Promise<Required<Outcome>> => {
  const time = new VirtualTime(start_ms)
  const nowMs = () => time.now_ms
  const timeline = new Timeline(() => time.now_ms - start_ms)
  const { note } = timeline
  let found: Outcome["broken"]
  const broken: Break = (rule, what, partition) => {
    if (found !== undefined) return
    found = { rule, what }
    note(`BROKEN: ${rule}: ${what}`, partition)
    timeline.end()
  }
  const logs = makeLogs(scenario, start_ms)
  const graph = scenario.graph && new Graph(scenario.graph, scenario.seed * 64 + 60)
  const oracle = new ClusterOracle(logs, graph, scenario, nowMs, broken)
  const lines = new Lines(scenario, time, oracle, note)
  const falcon = new Falcon(scenario, logs, time, new Random(scenario.seed * 64 + 49), { ...unwatched, note })
  const faults = new Faults(scenario.faults, start_ms, note)
  const manners = new Map<string, MannersOracle>()
  const engine = new Engine({
    time,
    note,
    random: new Random(scenario.seed * 64 + 50),
    onGiven: ({ name }) => manners.get(runnerOf(name))?.started(),
  })
  const wireOf = (process: Process, gate: Gate, random: Random, runner: () => Runner) =>
    layerWire(
      {
        ...beside,
        time,
        random,
        falcon,
        graph,
        enrichments: oracle.enrichments,
        faults,
        delivery: oracle.deliveryOf(process),
        manners: manners.get(runnerOf(process.name))!,
        latency_ms_max: scenario.latency_ms_max,
        skew_ms: () => runner().skew_ms,
        note: (what, partition) => note(`${process.name}: ${what}`, partition),
        gate,
      },
      process.life,
    )
  const runners = Array.from({ length: scenario.runners }, (_, at): Runner => {
    const name = `r${at}`
    const [on_wire, on_line, own] = [51, 54, 57].map((of) => new Random(scenario.seed * 64 + of + at)) as [
      Random,
      Random,
      Random,
    ]
    manners.set(name, new MannersOracle(scenario, time, start_ms, broken))
    const runner: Runner = new Runner({
      name,
      time,
      engine,
      note,
      broken,
      random: own,
      env: environment("/data"),
      configuration: configuration(scenario),
      wire: (process, gate) => wireOf(process, gate, on_wire, () => runner),
      line: (process, gate) => lines.of(name, process, gate, on_line),
      reachesDatabase: () => lines.faultOf(name) === undefined,
      onStart: () => manners.get(name)!.started(),
      onDeath: (authorizations) => {
        for (const authorization of authorizations) falcon.hangUp(authorization)
      },
    })
    return runner
  })
  for (const trouble of scenario.troubles)
    time.at(start_ms + trouble.at_ms, () => begin(trouble, { runners, engine, lines, manners, note, scenario }))
  for (const runner of runners) runner.start()
  engine.look()

  await runOn(scenario, time, oracle, broken, () => found !== undefined)
  time.after(0, () => {
    for (const runner of runners) runner.stop(undefined)
  })
  await settle(time, time.now_ms + 10_000)
  oracle.finish()
  return {
    broken: found,
    timeline,
    simulated_ms: time.now_ms - start_ms,
    events: logs.reduce((sum, { events }) => sum + events.length, 0),
    takeovers: oracle.takeovers,
    repeats: oracle.repeats,
  }
}

/** Until everything has arrived, or something is wrong. */
const runOn = async (
  scenario: ClusterScenario,
  time: VirtualTime,
  oracle: ClusterOracle,
  broken: Break,
  isOver: () => boolean,
): Promise<void> => {
  const quiet_ms = start_ms + Math.max(quietMs(scenario, scenario.faults), troublesEndMs(scenario))
  // Who takes over may find the ids of the ring held by sessions of those before it.
  const held_ms = scenario.session_interval_s * 1_000 + 5 * minutes
  const patience = new Patience(quiet_ms, boundMs(scenario, scenario.faults) + held_ms)
  for (let steps = 0; !isOver() && (await time.step()); steps++) {
    if (steps > steps_max) broken("progress", "the run does not come to an end")
    if (time.now_ms <= quiet_ms || steps % 16 !== 0) continue
    const { done, complete } = oracle.progress()
    if (complete) break
    if (!patience.holds(done, time.now_ms))
      broken("progress", `${patience.text}, and there is no fault; missing: ${oracle.missing()}`)
  }
}

const settle = async (time: VirtualTime, until_ms: number): Promise<void> => {
  time.at(until_ms, () => undefined)
  while (time.now_ms < until_ms && (await time.step()));
}

const runnerOf = (process: string): string => process.split(".", 1)[0]!

interface World {
  readonly scenario: ClusterScenario
  readonly runners: readonly Runner[]
  readonly engine: Engine
  readonly lines: Lines
  readonly manners: ReadonlyMap<string, MannersOracle>
  readonly note: (what: string) => void
}

const begin = (trouble: Trouble, world: World): void => {
  const { engine, lines, manners, note } = world
  if (trouble.on === "database") {
    lines.fail(undefined, trouble.for_ms, trouble.how)
    return
  }
  const runner = whom(trouble.on === "move" ? "holder" : trouble.who, world)
  switch (trouble.on) {
    case "move":
      runner.strikeAfter(trouble.steps, () => engine.move(trouble.orderly, trouble.learns_ms))
      break
    case "freeze":
      runner.strikeAfter(trouble.steps, () => runner.freeze(trouble.for_ms))
      break
    case "kill":
      runner.strikeAfter(trouble.steps, () => runner.kill(trouble.down_ms))
      break
    case "stop":
      runner.stop(trouble.down_ms)
      break
    case "cut":
      lines.fail(runner.name, trouble.for_ms, trouble.how)
      break
    case "clock":
      note(`the wall clock of ${runner.name} jumps by ${trouble.by_ms / 1_000} s`)
      runner.skew_ms += trouble.by_ms
      manners.get(runner.name)!.clockJumped()
  }
}

const whom = (who: Who, { runners, engine, scenario }: World): Runner =>
  who === "holder"
    ? (runners.find((runner) => runner.holds(engine.holder)) ?? runners[scenario.seed % runners.length]!)
    : runners[who]!

const unwatched = {
  onGiven: () => undefined,
  onUnrefreshed: () => undefined,
  onDropped: () => undefined,
  onAnew: () => undefined,
  onOwnAsked: () => undefined,
}

/** What else there may be: no assets. */
const beside = {
  fleet: undefined,
  task_ms: undefined,
  tasks: new AssetTasks(),
  inventory: { parse: () => [], taken: () => undefined, answered: () => undefined, refused: () => undefined },
}

const configuration = ({ batch_events_max, batch_wait_ms_max, graph }: ClusterScenario): string =>
  JSON.stringify({
    plugins: {
      "event-stream": { batch_events_max, batch_wait_ms_max },
      ...(graph !== undefined && { enrichment: { enabled: true } }),
    },
  })
