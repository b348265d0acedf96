/** Far more feeds than the runtime's own `fetch` can carry, while hundreds of actions wait for a slow Falcon. */
import { type Outcome, withLab } from "../harness.ts"
import { requestsTo } from "../simulated.ts"

export interface FeedsOutcome extends Outcome {
  /** HTTP status of an action once Falcon answers again, all feeds being open. */
  readonly action_status: number
  /** Feeds that Falcon was asked to open. */
  readonly opens: number
  /** That of the stream; the actions may be unwell. */
  readonly health: string
}

/** `hanging`: actions that wait for Falcon from before the first event until after the last one. */
export const manyFeeds = (options: { partitions: number; events: number; hanging: number }): Promise<FeedsOutcome> =>
  withLab(async (lab) => {
    const { partitions, events, hanging } = options
    const simulated = await lab.simulate({ seed: 61, partitions, events_per_second: 1, events_max: events })
    await simulated.addFault({ on: "api", path: "/devices/", every: 1, do: { slow: { delay_ms: 8_000 } } })
    const worker = await lab.work(simulated, { command: "run" })
    const waiting = Promise.allSettled(
      Array.from({ length: hanging }, (_, i) =>
        worker.act("get_device_details", { ids: [i.toString(16).padStart(32, "0")] }),
      ),
    )
    await simulated.allDelivered(120_000)
    const { plugins } = await worker.health()
    const health = plugins["event-stream"]?.status ?? "absent"
    await simulated.removeFaults()
    await waiting
    const { http_status } = await worker.act("query_devices_by_filter", { limit: 1 })
    const { opens } = await requestsTo(simulated)
    return { ...(await lab.finish(simulated, worker, 60_000)), action_status: http_status, opens, health }
  })
