/**
 * `bun run cluster:proof`: what a cluster bears, with real processes, a real PostgreSQL and a simulator for each tenant. Prints a table, and
 * ends with 1 where something was lost, an offset moved back, or a takeover took too long.
 */
import { parseArgs } from "node:util"
import { withLab } from "../process/harness.ts"
import { type ClusterLab, openClusterLab, type Runner } from "./lab.ts"

const { values } = parseArgs({
  options: {
    tenants: { type: "string", default: "4" },
    partitions: { type: "string", default: "4" },
    runners: { type: "string", default: "3" },
    rate: { type: "string", default: "25" },
    kills: { type: "string", default: "10" },
    only: { type: "string", default: "" },
  },
})
const [tenants, partitions, runners_count, rate, kills] = [
  values.tenants,
  values.partitions,
  values.runners,
  values.rate,
  values.kills,
].map(Number) as [number, number, number, number, number]

const print = (line: string) => process.stdout.write(`${line}\n`)

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Watches the stored offsets; each that moves back is counted. */
const watchOffsets = (cluster: ClusterLab) => {
  let before = cluster.offsets()
  let moved_back = 0
  const look = () => {
    const now = cluster.offsets()
    for (const [of, offset] of before) if ((now.get(of) ?? -1) < offset) moved_back++
    before = now
  }
  return { look, moved_back: () => moved_back }
}

/** Until every unit that was on `gone` belongs to another process; ms. */
const takenOver = async (cluster: ClusterLab, gone: Runner, timeout_ms: number): Promise<number> => {
  const began_ms = Date.now()
  for (;;) {
    if (![...cluster.owners().values()].includes(gone.name)) return Date.now() - began_ms
    if (Date.now() - began_ms > timeout_ms) return Number.POSITIVE_INFINITY
    await sleep(50)
  }
}

interface Row {
  readonly what: string
  readonly times: number
  readonly taken_over_ms: readonly number[]
  readonly [name: string]: unknown
}

const busiest = (cluster: ClusterLab, runners: readonly Runner[]): Runner => {
  const owners = [...cluster.owners().values()]
  const units = (runner: Runner) => owners.filter((name) => name === runner.name).length
  return runners.toSorted((one, other) => units(other) - units(one))[0]!
}

type Trial = (
  cluster: ClusterLab,
  runners: Runner[],
) => Promise<{
  readonly times: number
  readonly taken_over_ms: readonly number[]
  readonly ended_ms?: readonly number[]
}>

const trials: Readonly<Record<string, Trial>> = {
  "kill -9": async (cluster, runners) => {
    const taken_over_ms: number[] = []
    for (let at = 0; at < kills; at++) {
      const victim = busiest(cluster, runners)
      victim.worker.child.kill("SIGKILL")
      taken_over_ms.push(await takenOver(cluster, victim, 60_000))
      runners.splice(runners.indexOf(victim), 1, await cluster.runner())
      await sleep(3_000)
    }
    return { times: kills, taken_over_ms }
  },
  SIGTERM: async (cluster, runners) => {
    const taken_over_ms: number[] = []
    const ended_ms: number[] = []
    for (let at = 0; at < 3; at++) {
      const victim = busiest(cluster, runners)
      const began_ms = Date.now()
      victim.worker.child.kill("SIGTERM")
      void victim.worker.child.ended.then(() => ended_ms.push(Date.now() - began_ms))
      taken_over_ms.push(await takenOver(cluster, victim, 60_000))
      await victim.worker.child.ended
      runners.splice(runners.indexOf(victim), 1, await cluster.runner())
      await sleep(3_000)
    }
    return { times: 3, taken_over_ms, ended_ms }
  },
  "SIGSTOP 30 s": async (cluster, runners) => {
    const victim = busiest(cluster, runners)
    victim.worker.child.kill("SIGSTOP")
    const began_ms = Date.now()
    const taken_over_ms = [await takenOver(cluster, victim, 60_000)]
    await sleep(Math.max(0, 30_000 - (Date.now() - began_ms)))
    victim.worker.child.kill("SIGCONT")
    await sleep(15_000)
    return { times: 1, taken_over_ms }
  },
  "PostgreSQL stopped 30 s": async (cluster) => {
    await cluster.server.stop()
    await sleep(30_000)
    await cluster.server.start()
    const began_ms = Date.now()
    const before = await cluster.delivered()
    // Recovered: events arrive again.
    while ((await cluster.delivered()) < before + 4 * rate * tenants && Date.now() - began_ms < 120_000)
      await sleep(100)
    return { times: 1, taken_over_ms: [Date.now() - began_ms] }
  },
}

const tryOne = (what: string, trial: Trial) =>
  withLab(async (lab): Promise<Row> => {
    const cluster = await openClusterLab(lab, tenants, { partitions, events_per_second: rate })
    const runners: Runner[] = []
    for (let at = 0; at < runners_count; at++) runners.push(await cluster.runner())
    await cluster.placedOn(runners, 60_000)
    await sleep(5_000)
    const offsets = watchOffsets(cluster)
    const looks = setInterval(() => {
      try {
        offsets.look()
      } catch {
        // The database is stopped.
      }
    }, 500)
    const done = await trial(cluster, runners)
    const books = await cluster.close(180_000)
    clearInterval(looks)
    offsets.look()
    return { what, ...done, ...books, moved_back: offsets.moved_back() }
  })

let failed = false
print(
  `${runners_count} processes, ${tenants} tenants of ${partitions} partitions at ${rate} events/s each, batches of at most 100`,
)
for (const [what, trial] of Object.entries(trials)) {
  if (!what.includes(values.only)) continue
  const row = await tryOne(what, trial)
  print(JSON.stringify(row))
  const { lost, corrupted, moved_back, taken_over_ms } = row as Row & {
    lost: number
    corrupted: number
    moved_back: number
  }
  if (lost + corrupted + moved_back > 0 || taken_over_ms.some((ms) => ms === Number.POSITIVE_INFINITY)) failed = true
}
process.exit(failed ? 1 : 0)
