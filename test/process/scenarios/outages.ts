/** The intake is away for a while, in every way an intake can be away. */
import type { SimulatorOptions } from "../../../simulator/options.ts"
import { type Outcome, withLab } from "../harness.ts"
import { type Fault, requestsTo } from "../simulated.ts"

export type OutageKind = "500" | "429 with Retry-After" | "429" | "refused" | "hang"

export interface OutagePlan {
  readonly kind: OutageKind
  /** From when the worker has noticed. */
  readonly outage_ms: number
  readonly events: number
  readonly partitions: number
  /** How long a session lives: refreshed or at all. */
  readonly session?: Pick<SimulatorOptions, "session_interval_s" | "session_life_s">
}

export interface OutageOutcome extends Outcome {
  /** Events that were still to be delivered when the outage had lasted. */
  readonly waiting: number
  /** The most memory that the worker held until the outage ended; `rss_max_mb` covers the rush after it as well. */
  readonly rss_down_mb: number
  readonly refreshes: number
  /** Stream listings: 1 when every session was kept. */
  readonly listings: number
  /** What health said while the intake was away. */
  readonly health: string
}

/** Requests that the intake takes before it goes away. */
const taken_first = 5

/** Time for everything to arrive once the intake is back: backoff goes up to a minute. */
const recovery_ms_max = 150_000

/** Events wait while the intake is away; then it comes back. */
export const intakeOutage = (plan: OutagePlan): Promise<OutageOutcome> =>
  withLab(async (lab) => {
    const { kind, outage_ms, events, partitions, session = {} } = plan
    const events_per_partition = Math.floor(events / partitions)
    const simulated = await lab.simulate({
      seed: 11,
      partitions,
      events_per_partition,
      faults: faultsOf(kind),
      ...session,
    })
    const gate = await lab.gate(simulated)
    if (kind === "refused") await gate.shut()
    const worker = await lab.work(simulated, { env: { SEKOIA_INTAKE_URL: gate.url } })
    await (kind === "hang" ? simulated.posts(taken_first + 1) : worker.logs("no offset moves"))
    await Bun.sleep(outage_ms)
    const waiting = (await simulated.account()).total.undelivered.events
    const health = await worker.health()
    const rss_down_mb = worker.child.peakMb()
    await simulated.removeFaults()
    if (kind === "refused") await gate.open()
    const outcome = await lab.finish(simulated, worker, recovery_ms_max)
    const { refreshes, listings } = await requestsTo(simulated)
    return { ...outcome, waiting, health: health.status, rss_down_mb, refreshes, listings }
  })

/** In force until they are removed. */
const faultsOf = (kind: OutageKind): Fault[] => {
  const when = { on: "intake", skip: taken_first, until_ms: 3_600_000 } as const
  if (kind === "refused") return []
  if (kind === "hang") return [{ ...when, do: "hang" }]
  if (kind === "500") return [{ ...when, do: { status: 500 } }]
  if (kind === "429") return [{ ...when, do: { status: 429 } }]
  return [{ ...when, do: { status: 429, headers: { "retry-after": "2" } } }]
}
