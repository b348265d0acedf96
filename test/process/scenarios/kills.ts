/** `kill -9` at random instants, again and again. */
import { Random } from "../../../simulator/events/random.ts"
import type { SimulatorOptions } from "../../../simulator/options.ts"
import { endWith } from "../child.ts"
import { type Lab, type Outcome, withLab } from "../harness.ts"
import type { Simulated } from "../simulated.ts"

export interface KillPlan {
  readonly kills: number
  readonly partitions: number
  readonly events: number
  readonly intake_delay_ms: number
  readonly seed: number
  /** Half of the events come over so many seconds, so that some are still to come at every kill, however busy the machine is. */
  readonly lasting_s?: number
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
    const { kills, partitions, events, intake_delay_ms, seed, lasting_s = 0, lock = {} } = plan
    const simulated = await lab.simulate({
      seed,
      partitions,
      ...flowOf(events / partitions, lasting_s),
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
    const outcome = await lab.finish(simulated, await lab.work(simulated, { data_dir }), 120_000)
    await note()
    return { kills, ...outcome, repeated_after_kill_max }
  })

/** All events of a partition at once, or half of them over `lasting_s` seconds. */
const flowOf = (events: number, lasting_s: number) => {
  const later = lasting_s === 0 ? 0 : Math.floor(events / 2)
  const events_per_partition = Math.floor(events) - later
  return later === 0
    ? { events_per_partition }
    : { events_per_partition, events_per_second: later / lasting_s, events_max: Math.floor(events) }
}

/** Starts a worker and kills it `after_ms` after it has begun to deliver. */
const killOnce = async (lab: Lab, simulated: Simulated, data_dir: string, after_ms: number) => {
  const { delivered } = (await simulated.account()).total
  const worker = await lab.work(simulated, { data_dir })
  await simulated.delivered(delivered + 1, 60_000)
  await Bun.sleep(after_ms)
  const { total } = await simulated.account()
  if (total.undelivered.events === 0) throw new Error("no event was left to flow at the time of a kill; plan for more")
  await endWith(worker.child, "SIGKILL")
}

const repeatsOf = async (simulated: Simulated): Promise<number[]> =>
  Object.values((await simulated.account()).partitions).map((partition) => partition.repeated)
