/** Runs one scenario: the real worker on a virtual machine, a modelled world around it, an oracle watching. */
import { mkdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { Effect } from "effect"
import { Random } from "../../simulator/events/random.ts"
import { type DiskGate, makeMemoryDisk } from "../support/memory-disk.ts"
import { type Break, DeliveryOracle } from "./delivery-oracle.ts"
import { api_url, Falcon } from "./falcon.ts"
import { Faults } from "./faults.ts"
import { intake_key } from "./intake.ts"
import { Machine } from "./machine.ts"
import { MannersOracle } from "./manners-oracle.ts"
import { endOf, type Fault, type Scenario } from "./scenario.ts"
import { VirtualTime } from "./time.ts"
import { Timeline } from "./timeline.ts"
import { layerWire } from "./wire.ts"
import { makeLogs } from "./workload.ts"

export interface Outcome {
  /** The first broken guarantee, if any. */
  readonly broken: { readonly rule: string; readonly what: string } | undefined
  readonly timeline: Timeline
  readonly simulated_ms: number
  readonly events: number
}

const start_ms = Date.UTC(2026, 0, 15)
const minutes = 60_000
/** Wake-ups of one run; far more than any needs. */
const steps_max = 1_000_000

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
  const gate: DiskGate = (method, path, call) =>
    machine.gate(
      `${method} of ${path.slice(data_dir.length)}`,
      Effect.tap(call, () => changed(method, path)),
    )
  const changed = (method: string, path: string) =>
    method === "rename" && path.endsWith("/cache.json")
      ? Effect.sync(() => delivery.readOffsets("rename"))
      : Effect.void
  const disk = makeMemoryDisk(gate)
  disk.write("akonis.yaml", configuration(scenario))
  const logs = makeLogs(scenario, start_ms)
  const delivery = new DeliveryOracle(logs, scenario, disk, data_dir, broken)
  const manners = new MannersOracle(scenario, time, start_ms, broken)
  const { note } = timeline
  const falcon = new Falcon(scenario, logs, time, new Random(scenario.seed * 4 + 1), {
    note,
    onGiven: (last, count) => delivery.given(last, count),
    onUnrefreshed: (session) => manners.unrefreshed(session),
  })
  const faults = new Faults(scenario.faults, start_ms, note)
  const { latency_ms_max } = scenario
  const wired = { time, falcon, faults, delivery, manners, note, latency_ms_max, skew_ms: () => skew_ms }
  const machine = new Machine({
    time,
    disk,
    broken,
    note,
    random: new Random(scenario.seed * 4 + 2),
    env: environment,
    skew_ms: () => skew_ms,
    wire: (life) => layerWire({ ...wired, random: new Random(scenario.seed * 4 + 3), gate: machine.gate }, life),
    onStart: (life) => {
      delivery.started(life)
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

  machine.start()
  const quiet_ms = start_ms + quietMs(scenario)
  const bound_ms = boundMs(scenario)
  let moved = { done: -1, at_ms: quiet_ms }
  for (let steps = 0; found === undefined && (await time.step()); steps++) {
    if (steps > steps_max) broken("progress", "the run does not come to an end")
    if (time.now_ms <= quiet_ms || steps % 16 !== 0) continue
    const { done, complete } = delivery.progress()
    if (complete) break
    if (done > moved.done) moved = { done, at_ms: time.now_ms }
    if (time.now_ms > moved.at_ms + bound_ms)
      broken(
        "progress",
        `nothing moves for ${minutesOf(bound_ms)}, and there is no fault; missing: ${delivery.missing()}`,
      )
  }
  const done_ms = time.now_ms
  await settle(time, done_ms + 10_000)
  machine.stop(undefined)
  await settle(time, done_ms + 20_000)
  delivery.finish()
  return {
    broken: found,
    timeline,
    simulated_ms: time.now_ms - start_ms,
    events: logs.reduce((sum, log) => sum + log.events.length, 0),
  }
}

const settle = async (time: VirtualTime, until_ms: number): Promise<void> => {
  time.at(until_ms, () => undefined)
  while (time.now_ms < until_ms && (await time.step()));
}

const minutesOf = (ms: number): string => `${Math.round(ms / minutes)} min`

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

const environment: Record<string, string> = {
  FALCON_BASE_URL: api_url,
  FALCON_CLIENT_ID: "simulated-client",
  FALCON_CLIENT_SECRET: "simulated-secret",
  SEKOIA_INTAKE_URL: `${api_url}/intake`,
  SEKOIA_INTAKE_KEY: intake_key,
  AKONIS_DATA_DIR: data_dir,
}

/** What has no variable of its own stands in the file. */
const configuration = ({ batch_events_max, batch_wait_ms_max }: Scenario): string =>
  `plugins: { event-stream: { batch_events_max: ${batch_events_max}, batch_wait_ms_max: ${batch_wait_ms_max} } }`

/** When the last fault is over and the last event has come. */
const quietMs = ({ faults, partitions }: Scenario): number =>
  Math.max(
    ...faults.map((fault) => endOf(fault) + ("down_ms" in fault ? fault.down_ms + 20_000 : 0)),
    ...partitions.map(({ later, per_minute }) => (later * minutes) / per_minute),
  )

/**
 * How long it may take from then on: what was told to wait may wait, an app id that is held is held until its session ends,
 * and a partition that was not listed is looked for now and then.
 */
const boundMs = ({ faults, session_interval_s, batch_wait_ms_max }: Scenario): number => {
  const has = (test: (fault: Fault) => boolean) => faults.some(test)
  const asked_ms = Math.max(
    0,
    ...faults.map((fault) => ("do" in fault && "wait_s" in fault.do ? (fault.do.wait_s ?? 0) * 1_000 : 0)),
  )
  const held = has(({ on }) => on !== "intake" && on !== "disk") ? session_interval_s * 1_000 + 5 * minutes : 0
  const unlisted = has((fault) => "do" in fault && fault.do.kind === "omit") ? 60 * minutes : 0
  return 6 * minutes + asked_ms + held + unlisted + 2 * batch_wait_ms_max
}
