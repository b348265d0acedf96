/** `kill -9` at random instants, again and again. */
import { Random } from "../../../simulator/events/random.ts"
import type { SimulatorOptions } from "../../../simulator/options.ts"
import { endWith } from "../child.ts"
import { type Lab, type Outcome, withLab } from "../harness.ts"
import type { Simulated } from "../simulated.ts"
import { until } from "../waiting.ts"

export interface KillPlan {
  readonly kills: number
  readonly partitions: number
  /** Events that wait at the start. */
  readonly events: number
  /** Events that come beside them until the last kill, so that some flow at every kill on a machine of any speed. */
  readonly events_per_second?: number
  readonly intake_delay_ms: number
  readonly seed: number
  /** How long Falcon takes to notice that a reader vanished. */
  readonly lock?: Pick<SimulatorOptions, "lock" | "lock_release_ms" | "session_interval_s">
}

export interface KillOutcome extends Outcome {
  readonly kills: number
  /** The most repeats of one partition after one kill. */
  readonly repeated_after_kill_max: number
}

/** Time from when events flow to the kill, at most. */
const flowing_ms_max = 700

/** Kills workers of one data folder while events flow, then lets the last one finish. */
export const killRepeatedly = (plan: KillPlan): Promise<KillOutcome> =>
  withLab(async (lab) => {
    const { kills, partitions, events, events_per_second = 0, intake_delay_ms, seed, lock = {} } = plan
    const simulated = await lab.simulate({
      seed,
      partitions,
      events_per_partition: Math.floor(events / partitions),
      events_per_second: events_per_second / partitions,
      intake_delay_ms,
      ...lock,
    })
    const random = new Random(seed)
    const data_dir = lab.folder()
    let before = await repeatsOf(simulated)
    let repeated_after_kill_max = 0
    const note = async () => {
      const now = await repeatsOf(simulated)
      repeated_after_kill_max = Math.max(repeated_after_kill_max, ...now.map((repeats, i) => repeats - before[i]!))
      before = now
    }
    for (let kill = 0; kill < kills; kill++) {
      await killOnce(lab, simulated, data_dir, random.int(0, flowing_ms_max))
      await note()
    }
    await simulated.endEvents()
    const outcome = await lab.finish(simulated, await lab.work(simulated, { data_dir }), 120_000)
    await note()
    return { kills, ...outcome, repeated_after_kill_max }
  })

/** Starts a worker and kills it `after_ms` after it has begun to deliver. */
const killOnce = async (lab: Lab, simulated: Simulated, data_dir: string, after_ms: number) => {
  const { delivered } = (await simulated.account()).total
  const worker = await lab.work(simulated, { data_dir })
  await simulated.delivered(delivered + 1, 60_000)
  await Bun.sleep(after_ms)
  await until("an event that is under way", async () =>
    (await simulated.account()).total.undelivered.events > 0 ? true : undefined,
  )
  await endWith(worker.child, "SIGKILL")
}

const repeatsOf = async (simulated: Simulated): Promise<number[]> =>
  Object.values((await simulated.account()).partitions).map((partition) => partition.repeated)
