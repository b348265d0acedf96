/** One run of many tenants in one worker, watched from outside once all of them read and nothing is left over from the start. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import type { PartitionAccount } from "../simulator/account.ts"
import type { Latency } from "../simulator/latencies.ts"
import { cpuMs, machineCpuMs, memory } from "./proc.ts"
import { startSimulator, startSubject } from "./processes.ts"

export interface Load {
  readonly tenants: number
  /** Events a second, of all tenants together. */
  readonly rate: number
  readonly seconds: number
  readonly batch_events_max?: number
  /** Tenants, from the first on, whose intake never answers. */
  readonly dead_intakes?: number
  /** Tenants, from the last on, with 50 times the traffic. */
  readonly floods?: number
}

export interface ScaleRun {
  readonly tenants: number
  readonly events_per_batch: number
  readonly cpu_us_per_event: number
  readonly cores: number
  readonly rss_mb: number
  readonly sockets: number
  readonly requests_per_minute: number
  /** Of the tenants that nothing is wrong with. */
  readonly p50_ms: number
  readonly p99_ms: number
  /** From the start of the process until every tenant's stream was open. */
  readonly start_s: number
  /** Cores that everything but worker and simulator used. */
  readonly foreign_cores: number
  /** Events of the tenants that nothing is wrong with which are older than 10 s and not with their intake: more than the machine carries. */
  readonly behind: number
}

const flood_factor = 50
/**
 * Events that the simulator writes at once, so that a tenant alone reads as many bytes at a time as one of many does, and that the simulator
 * is not what is measured; but none waits longer than this.
 */
const events_per_write = 5
const write_ms_max = 250
const patience_ms = 300_000
/** From the last open stream to the first mark. */
const settle_ms = 8_000

export const measureScale = async (load: Load): Promise<ScaleRun> => {
  const { tenants, rate, seconds, dead_intakes = 0, floods = 0, batch_events_max = 1_000 } = load
  const cids = Array.from({ length: tenants }, (_, i) => (i + 1).toString(16).padStart(32, "0"))
  const dead = cids.slice(0, dead_intakes)
  const flooded = floods === 0 ? [] : cids.slice(-floods)
  const each = rate / tenants
  const simulator = await startSimulator({
    events_per_partition: 0,
    events_per_second: each,
    write_every_ms: Math.min(write_ms_max, (events_per_write * 1_000) / each),
    intake_check: "count",
    rate_limits: true,
    children: cids.map((cid) => ({
      cid,
      own: {
        ...(dead.includes(cid) && { faults: [{ on: "intake", every: 1, do: "hang" }] }),
        ...(flooded.includes(cid) && { events_per_second: flood_factor * each }),
      },
    })),
  })
  const config = configOf(simulator.url, cids, batch_events_max)
  const began_ms = performance.now()
  const child = startSubject("akonis", simulator.url, {
    env: { AKONIS_CONFIG: config.file, AKONIS_LOG_LEVEL: "error" },
  })
  const books = async (except: readonly string[] = []): Promise<Books> =>
    (await fetch(`${simulator.url}/_sim/children?except=${except.join(",")}`)).json() as Promise<Books>
  const mark = async () => ({
    at_ms: performance.now(),
    cpu_ms: cpuMs(child.pid),
    both_ms: cpuMs(child.pid) + cpuMs(simulator.pid),
    machine_ms: machineCpuMs(),
    all: await books(),
  })
  try {
    while ((await books()).streams_open < tenants) {
      child.assertAlive()
      if (performance.now() - began_ms > patience_ms) throw new Error("not every tenant reads its stream")
      await Bun.sleep(200)
    }
    const start_s = (performance.now() - began_ms) / 1_000
    await Bun.sleep(settle_ms)
    await fetch(`${simulator.url}/_sim/children/latencies`, { method: "DELETE" })
    const first = await mark()
    await Bun.sleep(seconds * 1_000)
    const last = await mark()
    const wall_s = (last.at_ms - first.at_ms) / 1_000
    const cpu_ms = last.cpu_ms - first.cpu_ms
    const events = last.all.total.delivered - first.all.total.delivered
    const others = await books([...dead, ...flooded])
    return {
      tenants,
      events_per_batch: events / (last.all.batches - first.all.batches),
      cpu_us_per_event: (cpu_ms * 1_000) / events,
      cores: cpu_ms / 1_000 / wall_s,
      rss_mb: memory(child.pid).rss_mb,
      sockets: sockets(child.pid),
      requests_per_minute: ((last.all.requests - first.all.requests) / wall_s) * 60,
      p50_ms: others.delivered_ms.p50,
      p99_ms: others.delivered_ms.p99,
      start_s,
      foreign_cores: Math.max(
        0,
        (last.machine_ms - first.machine_ms - (last.both_ms - first.both_ms)) / 1_000 / wall_s,
      ),
      behind: Math.max(0, others.total.undelivered.events - 10 * rate),
    }
  } finally {
    await child.stop()
    await simulator.stop()
    rmSync(config.folder, { recursive: true, force: true })
  }
}

/** What the simulator tells about its children. */
export interface Books {
  readonly total: PartitionAccount
  readonly batches: number
  readonly requests: number
  readonly streams_open: number
  readonly delivered_ms: Latency
}

/** The configuration of so many children of one parent, in a folder of its own. */
export const configOf = (url: string, cids: readonly string[], batch_events_max: number) => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-bench-scale-`)
  const tenants = cids.map((member_cid, i) => ({
    id: `t${i + 1}`,
    member_cid,
    plugins: {
      "event-stream": { intake_url: url, intake_key: `simulated-intake-key-${member_cid}`, batch_events_max },
    },
  }))
  const file = `${folder}/akonis.yaml`
  writeFileSync(file, JSON.stringify({ plugins: { only: ["event-stream"] }, tenants }))
  return { folder, file }
}

/** Sockets that the process has open. */
const sockets = (pid: number): number =>
  readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith("socket:")
    } catch {
      return false
    }
  }).length
