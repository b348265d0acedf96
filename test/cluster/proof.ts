/**
 * `bun run cluster:proof`: what a cluster bears, with real processes, a real PostgreSQL and a simulator for each tenant. Prints a table, and
 * ends with 1 where something was lost, an offset moved back, or a takeover took too long.
 */
import { cpus, loadavg } from "node:os"
import { parseArgs } from "node:util"
import { withLab } from "../process/harness.ts"
import { postgres } from "../support/postgres.ts"
import { pairOfPostgres } from "../support/standby.ts"
import { batch_events, type ClusterLab, openClusterLab, type Runner } from "./lab.ts"

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

/** What is promised, on a machine that is not busy; where the database was stopped, until events arrive again after its start. */
const promised_ms = (what: string): number => (what === "SIGTERM" ? 1_000 : 10_000)

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

/** How long it took until another process had claimed all units of one that was disturbed, and until it had committed something of each. */
interface TakenOver {
  readonly taken_over_ms: number
  readonly committed_ms: number
  /** Units that moved. */
  readonly units: number
}

const timeout_ms = 60_000

/** Disturbs a process and waits until others do its work. The times are the database's: no machine is too busy to read them. */
const disturb = async (cluster: ClusterLab, { worker, name }: Runner, signal: NodeJS.Signals): Promise<TakenOver> => {
  const units = [...cluster.owners()].filter(([, runner]) => runner === name).map(([unit]) => unit)
  const began_ms = Date.now()
  worker.child.kill(signal)
  for (;;) {
    await sleep(200)
    const owners = cluster.owners()
    const signs = cluster.signs()
    const of = units.map((unit) => signs.get(unit)!)
    const moved = units.every((unit) => owners.get(unit) !== name)
    const is_over = Date.now() - began_ms > timeout_ms
    if (!is_over && !(moved && of.every((one) => one.committed_ms > one.claimed_ms))) continue
    const taken_over_ms = moved ? Math.max(...of.map((one) => one.claimed_ms)) - began_ms : Number.POSITIVE_INFINITY
    const committed_ms = is_over ? Number.POSITIVE_INFINITY : Date.now() - began_ms
    return { taken_over_ms: Math.round(taken_over_ms), committed_ms, units: units.length }
  }
}

interface Outcome {
  readonly times: number
  readonly taken_over_ms: readonly number[]
  /** Until something of each unit that moved was committed by its new process. */
  readonly committed_ms?: readonly number[]
  readonly ended_ms?: readonly number[]
  /** Units that moved, each time counted. */
  readonly units?: number
}

const summed = (takeovers: readonly TakenOver[]): Outcome => ({
  times: takeovers.length,
  taken_over_ms: takeovers.map((one) => one.taken_over_ms),
  committed_ms: takeovers.map((one) => one.committed_ms),
  units: takeovers.reduce((sum, { units }) => sum + units, 0),
})

const busiest = (cluster: ClusterLab, runners: readonly Runner[]): Runner => {
  const owners = [...cluster.owners().values()]
  const units = (runner: Runner) => owners.filter((name) => name === runner.name).length
  return runners.toSorted((one, other) => units(other) - units(one))[0]!
}

type Trial = (cluster: ClusterLab, runners: Runner[]) => Promise<Outcome>

const trials: Readonly<Record<string, Trial>> = {
  "kill -9": async (cluster, runners) => {
    const takeovers: TakenOver[] = []
    for (let at = 0; at < kills; at++) {
      const victim = busiest(cluster, runners)
      takeovers.push(await disturb(cluster, victim, "SIGKILL"))
      runners.splice(runners.indexOf(victim), 1, await cluster.runner())
      await sleep(3_000)
    }
    return summed(takeovers)
  },
  SIGTERM: async (cluster, runners) => {
    const takeovers: TakenOver[] = []
    const ended_ms: number[] = []
    for (let at = 0; at < 3; at++) {
      const victim = busiest(cluster, runners)
      const began_ms = Date.now()
      void victim.worker.child.ended.then(() => ended_ms.push(Date.now() - began_ms))
      takeovers.push(await disturb(cluster, victim, "SIGTERM"))
      await victim.worker.child.ended
      runners.splice(runners.indexOf(victim), 1, await cluster.runner())
      await sleep(3_000)
    }
    return { ...summed(takeovers), ended_ms }
  },
  "SIGSTOP 30 s": async (cluster, runners) => {
    const victim = busiest(cluster, runners)
    const began_ms = Date.now()
    const takeover = await disturb(cluster, victim, "SIGSTOP")
    await sleep(Math.max(0, 30_000 - (Date.now() - began_ms)))
    victim.worker.child.kill("SIGCONT")
    await sleep(15_000)
    return summed([takeover])
  },
  "PostgreSQL stopped 30 s": async (cluster) => {
    await cluster.server.stop()
    await sleep(30_000)
    await cluster.server.start()
    return { times: 1, taken_over_ms: [await untilEventsArrive(cluster)] }
  },
  // The last one: the tests' own server is gone after it.
  "PostgreSQL fails over": async (cluster) => {
    const began_ms = Date.now()
    await failOver()
    // Recovered: the new primary has an offset of every stream.
    const isCommitted = () => [...cluster.signs().values()].every(({ committed_ms }) => committed_ms > began_ms)
    while (!isCommitted() && Date.now() - began_ms < 120_000) await sleep(100)
    return { times: 1, taken_over_ms: [Date.now() - began_ms] }
  },
}

let failOver: () => Promise<void> = () => Promise.reject(new Error("there is no standby"))

/** A server with a standby, for the trial that needs one. */
const openPair = async () => {
  const pair = await pairOfPostgres()
  failOver = pair.failOver
  return pair
}

/** Recovered: events of four seconds more have arrived. Gives how long that took. */
const untilEventsArrive = async (cluster: ClusterLab): Promise<number> => {
  const began_ms = Date.now()
  const before = await cluster.delivered()
  while ((await cluster.delivered()) < before + 4 * rate * tenants && Date.now() - began_ms < 120_000) await sleep(100)
  return Date.now() - began_ms
}

const tryOne = (what: string, trial: Trial) =>
  withLab(async (lab) => {
    const openServer = what === "PostgreSQL fails over" ? openPair : postgres
    const cluster = await openClusterLab(lab, tenants, { partitions, events_per_second: rate }, openServer)
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
    }, 1_000)
    const done = await trial(cluster, runners)
    const books = await cluster.close(180_000)
    clearInterval(looks)
    offsets.look()
    return { what, ...done, ...books, moved_back: offsets.moved_back() }
  })

/** What a trial may not show. */
const wrongIn = ({
  what,
  lost,
  corrupted,
  moved_back,
  taken_over_ms,
  repeated,
  units,
}: Awaited<ReturnType<typeof tryOne>>) => [
  ...(lost + corrupted > 0 ? ["events were lost or damaged"] : []),
  ...(moved_back > 0 ? ["an offset moved back"] : []),
  ...(taken_over_ms.some((ms) => ms > promised_ms(what))
    ? [`a takeover took longer than ${promised_ms(what) / 1_000} s`]
    : []),
  ...(units !== undefined && repeated > units * partitions * batch_events ? ["more than a batch came twice"] : []),
]

const load = () => `load ${loadavg()[0]!.toFixed(1)} on ${cpus().length} cores`

let failed = false
print(
  `${runners_count} processes, ${tenants} tenants of ${partitions} partitions at ${rate} events/s each, batches of at most ${batch_events}`,
)
for (const [what, trial] of Object.entries(trials)) {
  if (!what.includes(values.only)) continue
  const began = load()
  const row = await tryOne(what, trial)
  const wrong = wrongIn(row)
  print(JSON.stringify({ ...row, wrong, load: `${began}; ${load()} at the end` }))
  if (wrong.length > 0) failed = true
}
process.exit(failed ? 1 : 0)
