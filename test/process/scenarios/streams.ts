/** Falcon's side misbehaves: streams break, sessions end, listings stay empty. */
import type { SimulatorOptions } from "../../../simulator/options.ts"
import { type Outcome, withLab } from "../harness.ts"
import { requestsTo, type Simulated } from "../simulated.ts"
import { until } from "../waiting.ts"

export interface StreamPlan {
  readonly partitions: number
  /** Per partition; half of them wait at the start, the others come over `lasting_s`. */
  readonly events: number
  readonly lasting_s: number
  readonly options: SimulatorOptions
  /** What happens besides, while events flow. */
  readonly disturb?: (simulated: Simulated) => Promise<void>
  readonly patience_ms?: number
}

export interface StreamOutcome extends Outcome {
  /** Feeds that were opened. */
  readonly opens: number
  readonly listings: number
}

/** Delivers a stream that is troubled on its way. */
export const troubledStream = (plan: StreamPlan): Promise<StreamOutcome> =>
  withLab(async (lab) => {
    const { partitions, events, lasting_s, options, disturb, patience_ms = 60_000 } = plan
    const backlog = Math.ceil(events / 2)
    const simulated = await lab.simulate({
      seed: 5,
      partitions,
      events_per_partition: backlog,
      events_per_second: (events - backlog) / lasting_s,
      events_max: events,
      ...options,
    })
    const worker = await lab.work(simulated)
    await disturb?.(simulated)
    const outcome = await lab.finish(simulated, worker, lasting_s * 1_000 + patience_ms)
    const { opens, listings } = await requestsTo(simulated)
    return { ...outcome, opens, listings }
  })

/** Ends all sessions so many times, `gap_ms` apart. */
export const endSessions =
  (times: number, gap_ms: number) =>
  async (simulated: Simulated): Promise<void> => {
    await simulated.delivered(1)
    for (let i = 0; i < times; i++) {
      await Bun.sleep(gap_ms)
      await simulated.endSessions()
    }
  }

/** Waits until a feed had to be opened again, so that events which come later find it so. */
export const untilReopened =
  (partitions: number) =>
  async (simulated: Simulated): Promise<void> => {
    const reopened = async () => ((await requestsTo(simulated)).opens > partitions ? true : undefined)
    await until("a feed that is opened again", reopened)
  }

/** What can go wrong with a stream, in small (the suite) and in full (acceptance). */
export const troubles = {
  cut: (every: number): SimulatorOptions => ({ faults: [{ on: "stream", every, do: "cut" }] }),
  reset: (every: number): SimulatorOptions => ({ faults: [{ on: "stream", every, do: "reset" }] }),
  refresh_404: (count: number): SimulatorOptions => ({
    session_interval_s: 3,
    faults: [{ on: "refresh", count, every: 1, do: { status: 404 } }],
  }),
  short_life: (session_life_s: number): SimulatorOptions => ({
    session_life_s,
    session_interval_s: session_life_s / 2,
  }),
  empty_listing: (until_ms: number): SimulatorOptions => ({ faults: [{ on: "list", until_ms, do: "empty" }] }),
  silence: (until_ms: number): SimulatorOptions => ({
    faults: [{ on: "stream", partition: 0, after_ms: 2_000, until_ms, count: 1, do: "stall" }],
  }),
  repeats: (events: number, every: number): SimulatorOptions => ({
    faults: [{ on: "stream", every, do: { repeat: { events } } }],
  }),
} as const
