/** Two tenants in one process: nothing of one may end up with the other. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { endWith } from "../child.ts"
import { type Outcome, withLab } from "../harness.ts"
import type { Simulated } from "../simulated.ts"

export interface TenantOutcome {
  readonly books: Readonly<Record<string, Outcome>>
  /** Events that the intake of a tenant took and that its Falcon never sent. */
  readonly strangers: number
  /** What health names. */
  readonly plugins: readonly string[]
  /** Events taken, as the metrics of each tenant say. */
  readonly counted: Readonly<Record<string, number>>
  /** Tenants with a `cache.json` in a folder of their own. */
  readonly cached: readonly string[]
  /** What health says of the stream of a tenant whose `cache.json` is damaged. */
  readonly damaged: string
}

const ids = ["acme", "globex"] as const

export const twoTenants = (events: number): Promise<TenantOutcome> =>
  withLab(async (lab) => {
    const simulators: Simulated[] = []
    for (const id of ids) {
      const own = { client_secret: `${id}-secret-58c01e`, intake_key: `${id}-intake-key-31fd9a` }
      for (const secret of Object.values(own)) lab.hide(secret)
      simulators.push(await lab.simulate({ seed: 53 + simulators.length, events_per_partition: events, ...own }))
    }
    const tenants = simulators.map(({ url, settings }, i) => ({
      id: ids[i]!,
      base_url: url,
      client_secret: settings.client_secret,
      plugins: { "event-stream": { intake_url: url, intake_key: settings.intake_key } },
    }))
    const data_dir = lab.folder()
    mkdirSync(`${data_dir}/damaged`)
    writeFileSync(`${data_dir}/damaged/cache.json`, '{"https://firehose.example/0": 12')
    const config = `${lab.folder()}/akonis.yaml`
    const all = [...tenants, { ...tenants[0]!, id: "damaged" }]
    writeFileSync(config, JSON.stringify({ client_id: "simulated-client", tenants: all }))
    const env = { AKONIS_CONFIG: config, SEKOIA_INTAKE_URL: "", SEKOIA_INTAKE_KEY: "" }
    const worker = await lab.work(simulators[0]!, { env, data_dir })
    for (const simulated of simulators) await simulated.allDelivered(60_000)
    const { plugins } = await worker.health()
    const metrics = await worker.metrics()
    await endWith(worker.child, "SIGTERM")
    const books = await Promise.all(simulators.map((each, i) => lab.outcome(each, `${worker.data_dir}/${ids[i]}`)))
    const accounts = await Promise.all(simulators.map((each) => each.account()))
    return {
      books: Object.fromEntries(ids.map((id, i) => [id, books[i]!])),
      strangers: accounts.reduce(
        (sum, { intake }) => sum + intake.unknown + intake.without_offset + intake.not_json,
        0,
      ),
      plugins: Object.keys(plugins).sort(),
      damaged: plugins["damaged/event-stream"]?.detail ?? "",
      counted: Object.fromEntries(ids.map((id) => [id, countOf(metrics, id)])),
      cached: ids.filter((id) => {
        const file = `${worker.data_dir}/${id}/cache.json`
        return existsSync(file) && Object.keys(JSON.parse(readFileSync(file, "utf8"))).length === 1
      }),
    }
  })

/** The sum of `akonis_events_out_total` over the partitions of a tenant. */
const countOf = (metrics: string, tenant: string): number =>
  metrics
    .split("\n")
    .filter((line) => line.startsWith("akonis_events_out_total{") && line.includes(`tenant="${tenant}"`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0)
