/** The table of `bun run bench:scale --runners`: what processes of a cluster deliver, and what their database costs. */
import { cpus, loadavg } from "node:os"
import { table } from "../src/cli/table.ts"
import { type ClusterRun, measureCluster } from "./scale-cluster.ts"

/** Enough that three processes have about as many each. */
const tenants = 12
const quiet_rate = 60

const head = [
  "",
  "events/s",
  "events/post",
  "CPU µs/event",
  "database, ms CPU/1 000 events",
  "statements/1 000 events",
  "database, cores",
  "statements/s",
  "simulator, cores",
  "other load, cores",
]

const rowOf = (name: string, run: ClusterRun): string[] => [
  name,
  run.events_per_s.toFixed(0),
  run.events_per_batch.toFixed(0),
  run.cpu_us_per_event.toFixed(1),
  run.database_ms_per_1000.toFixed(2),
  run.statements_per_1000.toFixed(2),
  run.database_cores.toFixed(3),
  run.statements_per_s.toFixed(1),
  run.simulator_cores.toFixed(2),
  run.foreign_cores.toFixed(2),
]

/** Measures one process without a cluster, then each number of processes with one, at a load that none carries; then the last at a small one. */
export const tellRunners = async (
  counts: readonly number[],
  seconds: number,
  say: (text: string) => void,
): Promise<void> => {
  const load = () => loadavg()[0]!.toFixed(1)
  say(`${cpus().length} × ${cpus()[0]?.model ?? ""}, Bun ${Bun.version}, load ${load()} at the start`)
  say(`${tenants} tenants of one partition, ${seconds} s each\n`)
  const rows: string[][] = []
  const measure = async (name: string, runners: number, rate = 0) => {
    const row = rowOf(name, await measureCluster({ runners, tenants, rate, seconds }))
    process.stderr.write(`${row.join("  ")}\n`)
    rows.push(row)
  }
  await measure("without a cluster", 0)
  for (const runners of counts) await measure(`${runners} in a cluster`, runners)
  await measure(`${counts.at(-1)} in a cluster, ${quiet_rate} events/s`, counts.at(-1)!, quiet_rate)
  say(table([head, ...rows]))
  say(`\nload ${load()} at the end`)
}
