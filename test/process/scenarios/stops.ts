/** SIGTERM: with an intake that works, with one that hangs, and twice. */
import { endWith, type Status } from "../child.ts"
import { type Outcome, withLab } from "../harness.ts"

export interface StopPlan {
  readonly stops: number
  readonly partitions: number
  readonly events: number
  readonly intake_delay_ms: number
}

export interface StopOutcome extends Outcome {
  /** The statuses that occurred. */
  readonly statuses: readonly Status[]
  readonly slowest_stop_ms: number
}

export interface HungStopOutcome extends Outcome {
  readonly status: Status
  readonly stop_ms: number
  /** From the second signal to the end. */
  readonly second_signal_ms: number
}

/** Time from when events flow to the signal. */
const flowing_ms = 300

/** Between two signals: long enough that the first one has been noticed. */
const between_signals_ms = 500

/** Stops workers of one data folder while events flow, then lets the last one finish. */
export const stopUnderLoad = (plan: StopPlan): Promise<StopOutcome> =>
  withLab(async (lab) => {
    const { stops, partitions, events, intake_delay_ms } = plan
    const events_per_partition = Math.floor(events / partitions)
    const simulated = await lab.simulate({ seed: 31, partitions, events_per_partition, intake_delay_ms })
    const data_dir = lab.folder()
    const ends: Awaited<ReturnType<typeof endWith>>[] = []
    for (let stop = 0; stop < stops; stop++) {
      const { delivered } = (await simulated.account()).total
      const worker = await lab.work(simulated, { data_dir })
      await simulated.delivered(delivered + 1, 60_000)
      await Bun.sleep(flowing_ms)
      const { total } = await simulated.account()
      if (total.undelivered.events === 0) throw new Error("no event was left to flow at the time of a stop")
      ends.push(await endWith(worker.child, "SIGTERM"))
    }
    const outcome = await lab.finish(simulated, await lab.work(simulated, { data_dir }), 120_000)
    const statuses = [...new Set(ends.map((end) => end.status))]
    return { ...outcome, statuses, slowest_stop_ms: Math.max(...ends.map((end) => end.took_ms)) }
  })

/** Stops a worker whose intake does not answer, then another one with two signals; a third one finishes. */
export const stopWhileIntakeHangs = (events: number): Promise<HungStopOutcome> =>
  withLab(async (lab) => {
    const hang = { on: "intake", skip: 2, until_ms: 3_600_000, do: "hang" } as const
    const simulated = await lab.simulate({ seed: 37, partitions: 2, events_per_partition: events / 2, faults: [hang] })
    const data_dir = lab.folder()
    const hanging = async () => {
      const { requests } = await simulated.state()
      const before = requests.filter((request) => request.path === "/batch").length
      const worker = await lab.work(simulated, { data_dir })
      await simulated.posts(before + 3)
      return worker
    }
    const { status, took_ms } = await endWith((await hanging()).child, "SIGTERM")
    await simulated.removeFaults()
    await simulated.addFault(hang)
    const twice = (await hanging()).child
    twice.kill("SIGTERM")
    await Bun.sleep(between_signals_ms)
    if (!twice.isRunning()) throw new Error("the worker did not try to deliver what it had in hand")
    const second = await endWith(twice, "SIGTERM")
    await simulated.removeFaults()
    const outcome = await lab.finish(simulated, await lab.work(simulated, { data_dir }), 60_000)
    return { ...outcome, status, stop_ms: took_ms, second_signal_ms: second.took_ms }
  })
