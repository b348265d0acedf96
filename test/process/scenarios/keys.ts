/** The intake refuses the key; then somebody corrects the file that holds it, while the worker runs. */
import { writeFileSync } from "node:fs"
import { endWith } from "../child.ts"
import { type Outcome, secrets, withLab } from "../harness.ts"
import { until } from "../waiting.ts"
import type { HealthAnswer } from "../worker.ts"

export interface KeyPlan {
  readonly events: number
  /** Corrects the key and lets everything arrive: a refused key is tried again after a minute. */
  readonly correct: boolean
}

export interface KeyOutcome extends Outcome {
  readonly health_status: number
  readonly health_detail: string
  /** Offsets stored while the key was wrong. */
  readonly committed: number
  /** Events delivered while the key was wrong. */
  readonly taken: number
}

const wrong_key = "intake-key-mistyped-77ab"

export const refusedKey = ({ events, correct }: KeyPlan): Promise<KeyOutcome> =>
  withLab(async (lab) => {
    lab.hide(wrong_key)
    const key_file = `${lab.folder()}/intake-key`
    writeFileSync(key_file, `${wrong_key}\n`)
    const simulated = await lab.simulate({ seed: 41, partitions: 2, events_per_partition: events / 2 })
    const env = { SEKOIA_INTAKE_KEY: "", SEKOIA_INTAKE_KEY_FILE: key_file }
    const worker = await lab.work(simulated, { env })
    const failed = await until("a failed health", async () => failing(await worker.health()))
    const while_wrong = {
      health_status: failed.http_status,
      health_detail: failed.plugins["event-stream"]!.detail,
      committed: Object.keys(worker.cache() ?? {}).length,
      taken: (await simulated.account()).total.delivered,
    }
    if (!correct) {
      await endWith(worker.child, "SIGTERM")
      return { ...(await lab.outcome(simulated, worker.data_dir)), ...while_wrong }
    }
    writeFileSync(key_file, secrets.intake_key)
    return { ...(await lab.finish(simulated, worker, 150_000)), ...while_wrong }
  })

const failing = (health: HealthAnswer): HealthAnswer | undefined => (health.status === "failed" ? health : undefined)
