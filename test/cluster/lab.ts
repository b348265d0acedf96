/** Runners of a cluster as processes, over a PostgreSQL of the tests' own and a simulator for each tenant. */
import { writeFileSync } from "node:fs"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { type Lab, secrets } from "../process/harness.ts"
import type { Simulated } from "../process/simulated.ts"
import { until } from "../process/waiting.ts"
import type { Worker } from "../process/worker.ts"
import { freePort, type Postgres, postgres } from "../support/postgres.ts"

/** The most events of a batch. */
export const batch_events = 100

export interface Runner {
  readonly worker: Worker
  /** `127.0.0.1:<port>`, as the database names it. */
  readonly name: string
}

export interface ClusterLab {
  readonly server: Postgres
  readonly database_url: string
  readonly tenants: readonly Simulated[]
  /** Starts one more process of the cluster. */
  readonly runner: () => Promise<Runner>
  /** Who has each unit, as the database says. */
  readonly owners: () => ReadonlyMap<string, string>
  /** When each unit was claimed last, and when a partition of its tenant was committed last; ms, by the clock of this machine. */
  readonly signs: () => ReadonlyMap<string, { readonly claimed_ms: number; readonly committed_ms: number }>
  /** The stored offsets, by tenant and partition. */
  readonly offsets: () => ReadonlyMap<string, number>
  /** Waits until every unit belongs to one of these. */
  readonly placedOn: (runners: readonly Runner[], timeout_ms: number) => Promise<void>
  /** Events that the intakes have taken so far. */
  readonly delivered: () => Promise<number>
  /** Ends the events, waits until all are delivered, and sums the books. */
  readonly close: (timeout_ms: number) => Promise<Books>
}

/** The books of all tenants. */
interface Books {
  readonly sent: number
  readonly lost: number
  readonly repeated: number
  readonly corrupted: number
  readonly out_of_order: number
}

/** A cluster with a migrated database, no runner yet. `tenants`: how many, with a simulator of these settings each. */
export const openClusterLab = async (
  lab: Lab,
  tenants_count: number,
  settings: SimulatorOptions,
  openServer: () => Promise<Postgres> = postgres,
): Promise<ClusterLab> => {
  const server = await openServer()
  const database_url = await server.database()
  const tenants = await Promise.all(Array.from({ length: tenants_count }, () => lab.simulate(settings)))
  const config = `${lab.folder()}/akonis.yaml`
  const entries = tenants.map(({ url }, at) => ({
    id: `t${at}`,
    client_id: "simulated-client",
    client_secret: secrets.client_secret,
    base_url: url,
    plugins: { "event-stream": { intake_url: url, intake_key: secrets.intake_key, batch_events_max: batch_events } },
  }))
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ tenants: entries }))
  const env = { AKONIS_CONFIG: config, AKONIS_DATABASE_URL: database_url, AKONIS_RUNNER_HOST: "127.0.0.1" }
  const nothing = Object.fromEntries(
    ["FALCON_BASE_URL", "FALCON_CLIENT_ID", "FALCON_CLIENT_SECRET", "SEKOIA_INTAKE_URL", "SEKOIA_INTAKE_KEY"].map(
      (name) => [name, ""],
    ),
  )
  const migrated = await lab.command(["cluster", "migrate"], { ...env, AKONIS_DATA_DIR: lab.folder() })
  if (migrated.status !== 0) throw new Error(`akonis cluster migrate: ${migrated.stderr}`)

  const rows = (statement: string) =>
    server
      .run(database_url, statement)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split("|"))
  const owners = () => new Map(rows("SELECT unit, runner FROM akonis_units").map(([unit, runner]) => [unit!, runner!]))
  return {
    server,
    database_url,
    tenants,
    runner: async () => {
      const port = await freePort()
      const own = { ...nothing, ...env, AKONIS_RUNNER_PORT: String(port) }
      return { worker: await lab.work(tenants[0]!, { command: "run", env: own }), name: `127.0.0.1:${port}` }
    },
    owners,
    signs: () =>
      new Map(
        rows(`SELECT unit, extract(epoch FROM claimed_at) * 1000, COALESCE(extract(epoch FROM max(committed_at)) * 1000, 0)
          FROM akonis_units LEFT JOIN akonis_offsets ON tenant = split_part(unit, '/', 1) GROUP BY 1, 2`).map(
          ([unit, claimed, committed]) => [unit!, { claimed_ms: Number(claimed), committed_ms: Number(committed) }],
        ),
      ),
    offsets: () =>
      new Map(
        rows("SELECT tenant || ' ' || partition, last_offset FROM akonis_offsets").map(([of, offset]) => [
          of!,
          Number(offset),
        ]),
      ),
    placedOn: async (runners, timeout_ms) => {
      const names = runners.map(({ name }) => name)
      const placed = () => {
        const all = [...owners().values()]
        return all.length === tenants_count && all.every((runner) => names.includes(runner)) ? true : undefined
      }
      await until(`every unit on one of ${names.join(", ")}`, placed, timeout_ms, 100)
    },
    delivered: async () =>
      (await Promise.all(tenants.map((one) => one.account()))).reduce((sum, { total }) => sum + total.delivered, 0),
    close: async (timeout_ms) => {
      await Promise.all(tenants.map((one) => one.endEvents()))
      await Promise.all(tenants.map((one) => one.allDelivered(timeout_ms)))
      const accounts = await Promise.all(tenants.map((one) => one.account()))
      const sum = (of: (total: (typeof accounts)[number]["total"]) => number) =>
        accounts.reduce((all, { total }) => all + of(total), 0)
      return {
        sent: sum(({ sent }) => sent),
        lost: sum(({ undelivered }) => undelivered.events),
        repeated: sum(({ repeated }) => repeated),
        corrupted: sum(({ corrupted }) => corrupted),
        out_of_order: sum(({ out_of_order }) => out_of_order),
      }
    },
  }
}
