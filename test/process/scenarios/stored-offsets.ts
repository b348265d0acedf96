/** `cache.json`: torn, or left by the Python module. */
import { readFileSync, writeFileSync } from "node:fs"
import { live_clock } from "../../../simulator/clock.ts"
import { makeSimulator } from "../../../simulator/simulator.ts"
import { endWith, type Status } from "../child.ts"
import { type Outcome, withLab } from "../harness.ts"

export interface TornOutcome {
  readonly status: Status
  readonly message: string
  readonly untouched: boolean
}

/** A worker meets a `cache.json` whose end is missing. */
export const tornCache = (): Promise<TornOutcome> =>
  withLab(async (lab) => {
    const simulated = await lab.simulate({})
    const data_dir = lab.folder()
    const file = `${data_dir}/cache.json`
    const torn = `{"${simulated.url}/sensors/entities/datafeed/v1/0": 100000`
    writeFileSync(file, torn)
    const { status, stderr } = await lab.command(["worker"], lab.env(simulated, data_dir))
    return { status, message: stderr, untouched: readFileSync(file, "utf8") === torn }
  })

export interface TakeoverOutcome extends Outcome {
  /** Events that arrived and should have: all above the offset of the Python module. */
  readonly above: number
  /** Events that arrived although the Python module had delivered them. */
  readonly below: number
}

/** As many as the account of the simulator names when they are missing. */
const already = 10

/** A worker goes on where the Python module stopped, after ten events. */
export const pythonCache = (events: number): Promise<TakeoverOutcome> =>
  withLab(async (lab) => {
    const settings = { seed: 43, events_per_partition: events }
    const simulated = await lab.simulate(settings)
    const offset = makeSimulator(settings, live_clock)
      .tapes.get(0)!
      .offset(already - 1)
    const data_dir = lab.folder()
    writeFileSync(`${data_dir}/cache.json`, `{"${simulated.url}/sensors/entities/datafeed/v1/0": ${offset}}`)
    const worker = await lab.work(simulated, { data_dir })
    await simulated.delivered(events - already)
    // A batch's time more: an event too many would come with it.
    await Bun.sleep(1_500)
    await endWith(worker.child, "SIGTERM")
    const { total } = await simulated.account()
    const below = already - total.undelivered.offsets.filter((missing) => missing <= offset).length
    const lost = total.undelivered.events - (already - below)
    return { ...(await lab.outcome(simulated, data_dir)), above: total.delivered - below, below, lost }
  })
