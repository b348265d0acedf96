/** How old an event is when the intake takes it, while few come. */
import { type Subject, startSimulator, startSubject } from "./processes.ts"

export interface LatencyRun {
  readonly rate_per_s: number
  readonly events: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly max_ms: number
  readonly lost: number
  /** The most that a partition may have: the intake is not asked for every event by itself. */
  readonly posts_per_s: number
}

/** Time that the subject gets to start before the first event is made. */
const head_start_ms = 4_000
/** What the intake takes for an answer. */
const intake_delay_ms = 20
/** Time that the last event gets to arrive. */
const tail_ms = 3_000

export async function measureLatency(subject: Subject, rate_per_s: number, lasting_s: number): Promise<LatencyRun> {
  const simulator = await startSimulator({
    events_per_partition: 0,
    events_per_second: rate_per_s,
    events_max: rate_per_s * lasting_s,
    start_ms: Date.now() + head_start_ms,
    intake_check: "full",
    intake_delay_ms,
  })
  const child = startSubject(subject, simulator.url)
  try {
    await Bun.sleep(head_start_ms + lasting_s * 1_000 + tail_ms)
    child.assertAlive()
    const { total, intake, delivered_ms } = await simulator.account()
    const { events, p50, p99, max } = delivered_ms
    return {
      rate_per_s,
      events,
      p50_ms: p50,
      p99_ms: p99,
      max_ms: max,
      lost: total.undelivered.events,
      posts_per_s: intake.batches / lasting_s,
    }
  } finally {
    await child.stop()
    await simulator.stop()
  }
}
