/** One run: a subject empties a simulated backlog, and is watched from outside while it does. */
import type { Account } from "../simulator/account.ts"
import { type CpuTime, cpuMs, cpuTime, machineCpuMs, memory, pageFaults, tick_ms } from "./proc.ts"
import { type SimulatorChild, type Subject, startSimulator, startSubject } from "./processes.ts"

export interface RunOptions {
  readonly subject: Subject
  readonly partitions: number
  /** Events between the two marks. At least a tenth as many come after the second. */
  readonly events: number
  /** Events before the first mark at most: a subject whose figures settle earlier is measured earlier. */
  readonly warm_up_events_max: number
  /** `full`: every byte is compared. `count`: every offset, which leaves the simulator faster. */
  readonly check: "full" | "count"
}

export interface Run {
  readonly subject: Subject
  readonly partitions: number
  readonly events_per_s: number
  /** In its own code and in the kernel, together. */
  readonly cpu_us_per_event: number
  readonly system_us_per_event: number
  /** Events until its figures did not change any more, or until the warm-up was over. */
  readonly warm_up_events: number
  readonly has_settled: boolean
  /** Pages that the kernel had to map, per 1 000 events: where it runs on virtual page tables they cost more than all else. */
  readonly page_faults_per_1000: number
  readonly peak_rss_mb: number
  /** Share of one core that the simulator used: close to 1, and it is what limits `events_per_s`. */
  readonly simulator_cores: number
  /** Cores that everything else on the machine used. */
  readonly foreign_cores: number
  readonly account: Pick<Account["total"], "available" | "delivered" | "repeated" | "corrupted" | "out_of_order">
}

interface Mark {
  readonly at_ms: number
  readonly delivered: number
  readonly subject: CpuTime
  readonly page_faults: number
  readonly simulator_ms: number
  readonly machine_ms: number
}

/** The figures have settled when a stretch of a fifth of the warm-up costs what the one before it did, give or take a tenth. */
const stretch_share = 0.2
const settled_within = 0.1
const cool_down_share = 0.1
const batch_events = 1_000
const poll_ms = 20
const patience_ms = 30_000

/** Fixed, so that every run reads the same bytes. */
const start_ms = Date.UTC(2026, 0, 1)

/** What comes before the first mark lets the subject start and its code get compiled; the share after the second keeps it busy until then. */
export async function measure({ subject, partitions, events, warm_up_events_max, check }: RunOptions): Promise<Run> {
  const whole = events * (1 + cool_down_share) + warm_up_events_max
  const events_per_partition = Math.ceil(whole / partitions / batch_events) * batch_events
  const simulator = await startSimulator({ partitions, events_per_partition, start_ms, intake_check: check })
  const child = startSubject(subject, simulator.url)
  const mark = (delivered: number): Mark => ({
    at_ms: performance.now(),
    delivered,
    subject: cpuTime(child.pid),
    page_faults: pageFaults(child.pid),
    simulator_ms: cpuMs(simulator.pid),
    machine_ms: machineCpuMs(),
  })
  try {
    const reach = (wanted: number) => until(simulator, wanted, child.assertAlive, mark)
    const { first, has_settled } = await untilSettled(warm_up_events_max, reach)
    const last = await reach(first.delivered + events)
    const { peak_mb } = memory(child.pid)
    await reach(events_per_partition * partitions)
    const { total } = await simulator.account()
    const wall_ms = last.at_ms - first.at_ms
    const count = last.delivered - first.delivered
    const system_ms = last.subject.system_ms - first.subject.system_ms
    const subject_ms = last.subject.user_ms - first.subject.user_ms + system_ms
    const simulator_ms = last.simulator_ms - first.simulator_ms
    const { available, delivered, repeated, corrupted, out_of_order } = total
    return {
      subject,
      partitions,
      events_per_s: (count / wall_ms) * 1_000,
      cpu_us_per_event: (subject_ms / count) * 1_000,
      system_us_per_event: (system_ms / count) * 1_000,
      warm_up_events: first.delivered,
      has_settled,
      page_faults_per_1000: ((last.page_faults - first.page_faults) / count) * 1_000,
      peak_rss_mb: peak_mb,
      simulator_cores: simulator_ms / wall_ms,
      foreign_cores: Math.max(0, (last.machine_ms - first.machine_ms - subject_ms - simulator_ms) / wall_ms),
      account: { available, delivered, repeated, corrupted, out_of_order },
    }
  } finally {
    await child.stop()
    await simulator.stop()
  }
}

/** Lets the subject warm up until it costs what it will go on costing, or for as many events as the warm-up may take. */
async function untilSettled(
  events_max: number,
  reach: (wanted: number) => Promise<Mark>,
): Promise<{ readonly first: Mark; readonly has_settled: boolean }> {
  const stretch = events_max * stretch_share
  let before = await reach(1)
  let cost: number | undefined
  for (;;) {
    const now = await reach(before.delivered + stretch)
    const spent_ms = cpuOf(now) - cpuOf(before)
    const cost_now = spent_ms / (now.delivered - before.delivered)
    // The clock of CPU time ticks too coarsely to tell less than a tick.
    const noise = Math.max(settled_within, tick_ms / spent_ms)
    const has_settled = cost !== undefined && Math.abs(cost_now - cost) <= noise * cost
    if (has_settled || now.delivered > events_max - stretch) return { first: now, has_settled }
    before = now
    cost = cost_now
  }
}

const cpuOf = ({ subject }: Mark): number => subject.user_ms + subject.system_ms

/** Waits until so many events have arrived, and marks that moment. */
async function until(
  simulator: SimulatorChild,
  wanted: number,
  assertAlive: () => void,
  mark: (delivered: number) => Mark,
): Promise<Mark> {
  let best = -1
  let moved_ms = performance.now()
  for (;;) {
    const { total } = await simulator.account()
    if (total.delivered >= wanted) return mark(total.delivered)
    if (total.delivered > best) moved_ms = performance.now()
    best = Math.max(best, total.delivered)
    assertAlive()
    if (performance.now() - moved_ms > patience_ms) {
      throw new Error(`only ${total.delivered} of ${wanted} events arrived, and none for ${patience_ms / 1_000} s`)
    }
    await Bun.sleep(poll_ms)
  }
}
