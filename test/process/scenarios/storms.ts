/** Many detections at once, with the vertices around them, and workers that are killed meanwhile. */
import { readdirSync, readFileSync } from "node:fs"
import { Random } from "../../../simulator/events/random.ts"
import { endWith } from "../child.ts"
import { type Outcome, withLab } from "../harness.ts"
import { until } from "../waiting.ts"
import type { Worker } from "../worker.ts"

export interface StormPlan {
  readonly kills: number
  readonly events: number
  readonly processes: number
  readonly seed: number
}

export interface StormOutcome extends Outcome {
  readonly kills: number
  /** The most events that came again after one kill. */
  readonly repeated_after_kill_max: number
  readonly detections: number
  readonly vertices: number
  /** Detections with neither a vertex nor a record. */
  readonly without: number
  /** Vertices that came before their detection. */
  readonly early: number
  readonly committed: boolean
}

const edge_types = ["child_process", "primary_module", "user", "dns_request"]
const flowing_ms_max = 3_000
const patience_ms = 240_000

/** Kills workers of one data folder amid a storm of detections, then lets the last one finish. */
export const killInStorm = ({ kills, events, processes, seed }: StormPlan): Promise<StormOutcome> =>
  withLab(async (lab) => {
    const simulated = await lab.simulate({
      seed,
      events_per_partition: events,
      templates: events,
      processes,
      detections: "served",
      threatgraph_delay_ms: 50,
      intake_delay_ms: 20,
    })
    const random = new Random(seed)
    const data_dir = lab.folder()
    const config = `${lab.folder()}/akonis.yaml`
    await Bun.write(config, JSON.stringify({ plugins: { enrichment: { enabled: true, edge_types } } }))
    const work = () => lab.work(simulated, { data_dir, env: { AKONIS_CONFIG: config } })
    let repeated_before = 0
    let repeated_after_kill_max = 0
    const note = async () => {
      const { repeated } = (await simulated.account()).total
      repeated_after_kill_max = Math.max(repeated_after_kill_max, repeated - repeated_before)
      repeated_before = repeated
    }
    for (let kill = 0; kill < kills; kill++) {
      const worker = await work()
      const { vertices } = await simulated.account()
      await until("more vertices", async () =>
        (await simulated.account()).vertices.events > vertices.events ? true : undefined,
      )
      await Bun.sleep(random.int(0, flowing_ms_max))
      await endWith(worker.child, "SIGKILL")
      await note()
    }
    const last = await work()
    await simulated.allDelivered(patience_ms)
    await until(
      "the end of every enrichment",
      async () => ((await openFollowUps(last)) === 0 ? true : undefined),
      patience_ms,
    )
    const outcome = await lab.finish(simulated, last, patience_ms)
    const { vertices } = await simulated.account()
    await note()
    return {
      ...outcome,
      kills,
      repeated_after_kill_max,
      detections: vertices.detections,
      vertices: vertices.events,
      without: Math.max(0, vertices.without.detections - recordedIds(data_dir).size),
      early: vertices.early,
      committed: Object.values(last.cache() ?? {}).length === 1,
    }
  })

/** What `/metrics` says; `undefined` before the first one is counted. */
const openFollowUps = async (worker: Worker): Promise<number | undefined> => {
  const value = /^akonis_source_events_open\{[^}]*\} (\d+)/m.exec(await worker.metrics())?.[1]
  return value === undefined ? undefined : Number(value)
}

/** Detections whose vertices were dead-lettered. */
const recordedIds = (data_dir: string): ReadonlySet<string> => {
  const folder = `${data_dir}/dead-letters`
  const names = readdirSync(data_dir).includes("dead-letters") ? readdirSync(folder) : []
  const lines = names.flatMap((name) => readFileSync(`${folder}/${name}`, "utf8").split("\n").filter(Boolean))
  const letters = lines.map((line) => JSON.parse(line) as { reason?: string; raw: string })
  return new Set(letters.flatMap(({ reason, raw }) => (reason === "not_enriched" ? [JSON.parse(raw).id] : [])))
}
