/** Runs one scenario: the real worker on a virtual machine, a modelled world around it, an oracle watching. */
import { mkdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { Effect } from "effect"
import { Random } from "../../../simulator/events/random.ts"
import { type DiskGate, makeMemoryDisk } from "../../support/memory-disk.ts"
import { type Fault, lasts, type Scenario, tellsAnew } from "../generate/scenario.ts"
import { AssetTasks } from "../model/asset-tasks.ts"
import { api_url, Falcon } from "../model/falcon.ts"
import { Fleet } from "../model/fleet.ts"
import { Graph } from "../model/graph.ts"
import { asset_key } from "../model/intake.ts"
import { makeLogs } from "../model/workload.ts"
import { type Break, DeliveryOracle } from "../oracles/delivery-oracle.ts"
import { EnrichmentOracle } from "../oracles/enrichment-oracle.ts"
import { FleetOracle } from "../oracles/fleet-oracle.ts"
import { MannersOracle } from "../oracles/manners-oracle.ts"
import { boundMs, delayEvents, Patience, quietMs } from "../oracles/patience.ts"
import { RefusalsOracle } from "../oracles/refusals-oracle.ts"
import { EventFile, ndjson } from "./event-file.ts"
import { Faults } from "./faults.ts"
import { Machine } from "./machine.ts"
import { Operator } from "./operator.ts"
import { environment, start_ms, steps_max } from "./settings.ts"
import { VirtualTime } from "./time.ts"
import { Timeline } from "./timeline.ts"
import { layerWire } from "./wire.ts"

export interface Outcome {
  /** The first broken guarantee, if any. */
  readonly broken: { readonly rule: string; readonly what: string } | undefined
  readonly timeline: Timeline
  readonly simulated_ms: number
  readonly events: number
  /** In a cluster: how often another process began, and events that came more than once. */
  readonly takeovers?: number
  readonly repeats?: number
}

const minutes = 60_000
/** Somebody looks at health so often. */
const looks_ms = 30_000

/** The lock of the data folder is the real one, so the folder is a real one too; everything else in it is in memory. */
const data_dir = `${tmpdir()}/akonis-simulation-${process.pid}`

export const runScenario = async (scenario: Scenario): Promise<Outcome> => {
  mkdirSync(data_dir, { recursive: true, mode: 0o700 })
  try {
    return await simulate(scenario)
  } finally {
    rmSync(data_dir, { recursive: true, force: true })
  }
}

const simulate = async (scenario: Scenario): Promise<Outcome> => {
  const time = new VirtualTime(start_ms)
  const timeline = new Timeline(() => time.now_ms - start_ms)
  let found: Outcome["broken"]
  const broken: Break = (rule, what, partition) => {
    if (found !== undefined) return
    found = { rule, what }
    timeline.note(`BROKEN: ${rule}: ${what}`, partition)
    timeline.end()
  }
  let skew_ms = 0
  const { disk_sync_ms = 0 } = scenario
  const delayed: <A, E, R>(sync: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = (sync) =>
    disk_sync_ms === 0 ? sync : Effect.uninterruptible(Effect.delay(sync, disk_sync_ms))
  const gate: DiskGate = (method, path, call) =>
    machine.gate(
      `${method} of ${path.slice(data_dir.length)}`,
      Effect.tap(method === "sync" ? delayed(call) : call, () => changed(method, path)),
    )
  const changed = (method: string, path: string) =>
    Effect.sync(() => {
      file?.changed(method, path)
      if (method !== "rename") return
      if (path.endsWith("/cache.json")) delivery.readOffsets("rename")
      if (path.endsWith("/context.json")) inventory.readCheckpoint()
    })
  const disk = makeMemoryDisk(gate)
  disk.write("akonis.yaml", configuration(scenario))
  const logs = makeLogs(scenario, start_ms)
  const graph = scenario.graph && new Graph(scenario.graph, scenario.seed * 64 + 33)
  const enrichments = new EnrichmentOracle(graph, logs, scenario, broken)
  const refusals = new RefusalsOracle(logs.length, () => time.now_ms, broken)
  const delivery = new DeliveryOracle(logs, scenario, disk, data_dir, broken, enrichments, refusals, () => time.now_ms)
  const file = scenario.destination === "ndjson" ? new EventFile(disk, data_dir, logs, delivery, broken) : undefined
  const fleet = scenario.fleet && new Fleet(scenario.fleet, scenario.seed * 64 + 35, start_ms)
  const inventory = new FleetOracle(fleet, scenario, disk, data_dir, () => time.now_ms, broken)
  const manners = new MannersOracle(scenario, time, start_ms, broken)
  const { note } = timeline
  const falcon = new Falcon(scenario, logs, time, new Random(scenario.seed * 4 + 1), {
    note,
    onGiven: (last, count) => delivery.given(last, count),
    onUnrefreshed: (session) => manners.unrefreshed(session),
    onDropped: ({ partition, offset }) =>
      broken("nothing lost", `the event ${offset} came whole at the end of a body and is asked for again`, partition),
    onAnew: (partition) => delivery.begunAnew(partition),
    onOwnAsked: (app_id) =>
      broken("app ids", `${app_id} is asked for while a partition of this process reads under it`),
  })
  const faults = new Faults(scenario.faults, start_ms, note)
  const { latency_ms_max } = scenario
  const wired = {
    time,
    falcon,
    graph,
    faults,
    delivery,
    enrichments,
    fleet,
    task_ms: scenario.fleet?.task_ms,
    tasks: new AssetTasks(),
    inventory,
    manners,
    note,
    latency_ms_max,
    skew_ms: () => skew_ms,
  }
  const machine = new Machine({
    time,
    disk,
    broken,
    note,
    random: new Random(scenario.seed * 4 + 2),
    env: environment(data_dir),
    skew_ms: () => skew_ms,
    wire: (life) => layerWire({ ...wired, random: new Random(scenario.seed * 4 + 3), gate: machine.gate }, life),
    onStart: (life) => {
      file?.started()
      delivery.started(life)
      falcon.started()
      inventory.started(life)
      manners.started()
    },
    onDeath: () => {
      falcon.hangUp()
      delivery.crashed()
    },
  })
  const jump = (by_ms: number) => {
    skew_ms += by_ms
    note(`the wall clock jumps by ${by_ms / 1_000} s`)
    manners.clockJumped()
  }
  for (const fault of scenario.faults)
    time.at(start_ms + fault.at_ms, () => begin(fault, { machine, falcon, disk, time, note, jump }))

  const operator = new Operator({ machine, disk, data_dir, note, onOffsetDeleted: (p) => delivery.offsetDeleted(p) })
  const look = () => {
    operator.look()
    time.after(looks_ms, look)
  }
  if (tellsAnew(scenario)) time.after(looks_ms, look)
  machine.start()
  const done_ms = await runOn(scenario, time, { delivery, inventory, broken, isOver: () => found !== undefined })
  await settle(time, done_ms + 10_000)
  // By a timer, as all that happens: what the process does about it comes before the next one.
  time.after(0, () => machine.stop(undefined))
  await settle(time, done_ms + 20_000)
  delivery.finish()
  file?.finish()
  return {
    broken: found,
    timeline,
    simulated_ms: time.now_ms - start_ms,
    events: logs.reduce((sum, log) => sum + log.events.length, 0),
  }
}

interface Judges {
  readonly delivery: DeliveryOracle
  readonly inventory: FleetOracle
  readonly broken: Break
  readonly isOver: () => boolean
}

/** Until everything has arrived, or something is wrong; gives the time at which that was. */
const runOn = async (
  scenario: Scenario,
  time: VirtualTime,
  { delivery, inventory, broken, isOver }: Judges,
): Promise<number> => {
  const { faults } = scenario
  const patience = (which: readonly Fault[]) => {
    const quiet_ms = start_ms + quietMs(scenario, which)
    return { quiet_ms, watch: new Patience(quiet_ms, boundMs(scenario, which)) }
  }
  const events = patience(faults.filter(delayEvents))
  const all = patience(faults)
  const hopeless = faults.some(lasts)
  let seen = { posts: 0, at_ms: 0 }
  for (let steps = 0; !isOver() && (await time.step()); steps++) {
    const { now_ms } = time
    if (steps > steps_max) broken("progress", "the run does not come to an end")
    if (now_ms <= events.quiet_ms || steps % 16 !== 0) continue
    const { delivered, done, complete, all_delivered, posts } = delivery.progress()
    if (posts !== seen.posts) seen = { posts, at_ms: now_ms }
    if (!all_delivered && !events.watch.holds(delivered, now_ms))
      broken(
        "progress",
        `${events.watch.text}, and there is no fault that events wait for; missing: ${delivery.missing()}`,
      )
    if (now_ms <= all.quiet_ms) continue
    const hosts = inventory.progress()
    // What waits for an outage that does not end is given up when the process stops; not while events come again after a crash.
    const given_up = hopeless && all_delivered && now_ms > Math.max(all.quiet_ms, seen.at_ms) + minutes
    if ((complete || given_up) && hosts.open === 0) break
    if (!all.watch.holds(done + hosts.done, now_ms))
      broken(
        "progress",
        `${all.watch.text}, and there is no fault; missing: ${delivery.missing()}, ${hosts.open} hosts`,
      )
  }
  return time.now_ms
}

const settle = async (time: VirtualTime, until_ms: number): Promise<void> => {
  time.at(until_ms, () => undefined)
  while (time.now_ms < until_ms && (await time.step()));
}

interface World {
  readonly machine: Machine
  readonly falcon: Falcon
  readonly disk: ReturnType<typeof makeMemoryDisk>
  readonly time: VirtualTime
  readonly note: (what: string, partition?: number) => void
  readonly jump: (by_ms: number) => void
}

/** Requests ask for their faults themselves; the others begin here. */
const begin = (fault: Fault, { machine, falcon, disk, time, note, jump }: World): void => {
  switch (fault.on) {
    case "stream":
      note(`fault on the feed: ${fault.do.kind}`, fault.partition)
      falcon.strike(fault.partition, fault.do, time.now_ms + fault.for_ms)
      break
    case "kill":
      machine.kill(fault.steps, fault.power, fault.down_ms)
      break
    case "stop":
      machine.stop(fault.down_ms)
      break
    case "second_process":
      machine.second()
      break
    case "clock":
      jump(fault.by_ms)
      break
    case "disk":
      note("the disk fails")
      disk.failing = fault.reason
      time.after(fault.for_ms, () => {
        note("the disk works again")
        disk.failing = undefined
      })
  }
}

const assets = {
  enabled: true,
  sekoia_api_key: asset_key,
  sekoia_base_url: api_url,
  connector_uuid: "11111111-2222-4333-8444-555555555555",
}

/** What has no variable of its own stands in the file. */
const configuration = ({ batch_events_max, batch_wait_ms_max, graph, fleet, destination }: Scenario): string =>
  JSON.stringify({
    plugins: {
      "event-stream": {
        batch_events_max,
        batch_wait_ms_max,
        ...(destination === "ndjson" && { destination, ndjson }),
      },
      ...(graph === undefined ? {} : { enrichment: { enabled: true } }),
      ...(fleet === undefined ? {} : { "device-assets": { ...assets, batch_size: fleet.batch_size } }),
    },
  })
