/**
 * Processes of a cluster over a PostgreSQL of their own, watched from outside: how much they deliver together, and what the database
 * costs. Tenants are children of one simulated parent, with more events than anybody takes, or with few.
 */
import { rmSync } from "node:fs"
import { resolve } from "node:path"
import { freePort, type Postgres, postgres } from "../test/support/postgres.ts"
import { cpuMs, machineCpuMs, treeCpuMs } from "./proc.ts"
import { environment, startSimulator, startSubject } from "./processes.ts"
import { type Books, configOf } from "./scale-run.ts"

export interface ClusterLoad {
  /** Processes of the cluster; 0 for one without a cluster. */
  readonly runners: number
  readonly tenants: number
  /** Events a second of all tenants together; 0 for a backlog that never ends. */
  readonly rate: number
  readonly seconds: number
}

export interface ClusterRun {
  readonly events_per_s: number
  readonly events_per_batch: number
  /** All processes of the product together. */
  readonly cpu_us_per_event: number
  readonly database_ms_per_1000: number
  readonly statements_per_1000: number
  readonly database_cores: number
  readonly statements_per_s: number
  /** Close to 1, and it is what limits `events_per_s`. */
  readonly simulator_cores: number
  /** Cores that everything else used. */
  readonly foreign_cores: number
}

const backlog_events = 20_000_000
const patience_ms = 180_000
const settle_ms = 5_000

export const measureCluster = async ({ runners, tenants, rate, seconds }: ClusterLoad): Promise<ClusterRun> => {
  const cids = Array.from({ length: tenants }, (_, i) => (i + 1).toString(16).padStart(32, "0"))
  const simulator = await startSimulator({
    events_per_partition: rate === 0 ? backlog_events : 0,
    events_per_second: rate / tenants,
    intake_check: "count",
    children: cids.map((cid) => ({ cid })),
  })
  const config = configOf(simulator.url, cids, 1_000)
  const database = runners === 0 ? undefined : await openDatabase(simulator.url, config.folder)
  const children = await Promise.all(
    Array.from({ length: Math.max(1, runners) }, async () =>
      startSubject("akonis", simulator.url, {
        env: {
          AKONIS_CONFIG: config.file,
          AKONIS_LOG_LEVEL: "error",
          ...database?.env,
          ...(database && { AKONIS_RUNNER_PORT: String(await freePort()) }),
        },
      }),
    ),
  )
  const books = async () => (await fetch(`${simulator.url}/_sim/children`)).json() as Promise<Books>
  const mark = async () => ({
    at_ms: performance.now(),
    product_ms: children.reduce((sum, { pid }) => sum + cpuMs(pid), 0),
    simulator_ms: cpuMs(simulator.pid),
    database_ms: database?.cpuMs() ?? 0,
    statements: database?.statements() ?? 0,
    machine_ms: machineCpuMs(),
    all: await books(),
  })
  try {
    const began_ms = performance.now()
    while ((await books()).streams_open < tenants) {
      for (const child of children) child.assertAlive()
      if (performance.now() - began_ms > patience_ms) throw new Error("not every tenant reads its stream")
      await Bun.sleep(200)
    }
    await Bun.sleep(settle_ms)
    const first = await mark()
    await Bun.sleep(seconds * 1_000)
    const last = await mark()
    const spent = (of: "product_ms" | "simulator_ms" | "database_ms" | "statements" | "machine_ms" | "at_ms") =>
      last[of] - first[of]
    const wall_ms = spent("at_ms")
    const events = last.all.total.delivered - first.all.total.delivered
    const known_ms = spent("product_ms") + spent("simulator_ms") + spent("database_ms")
    return {
      events_per_s: (events / wall_ms) * 1_000,
      events_per_batch: events / (last.all.batches - first.all.batches),
      cpu_us_per_event: (spent("product_ms") / events) * 1_000,
      database_ms_per_1000: (spent("database_ms") / events) * 1_000,
      statements_per_1000: (spent("statements") / events) * 1_000,
      database_cores: spent("database_ms") / wall_ms,
      statements_per_s: (spent("statements") / wall_ms) * 1_000,
      simulator_cores: spent("simulator_ms") / wall_ms,
      foreign_cores: Math.max(0, (spent("machine_ms") - known_ms) / wall_ms),
    }
  } finally {
    await Promise.all(children.map((child) => child.stop()))
    await simulator.stop()
    rmSync(config.folder, { recursive: true, force: true })
  }
}

const openDatabase = async (url: string, folder: string) => {
  const server: Postgres = await postgres()
  const database_url = await server.database()
  const env = { AKONIS_DATABASE_URL: database_url, AKONIS_RUNNER_HOST: "127.0.0.1" }
  const main = resolve(import.meta.dir, "../src/main.ts")
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, main, "cluster", "migrate"], {
    env: { ...environment(url, folder), ...env },
  })
  if (exitCode !== 0) throw new Error(`akonis cluster migrate: ${stderr}`)
  return {
    env,
    cpuMs: () => treeCpuMs(server.pid()),
    // Each statement is a transaction of its own, but for those of a renamed file.
    statements: () =>
      Number(
        server.run(
          database_url,
          "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()",
        ),
      ),
  }
}
