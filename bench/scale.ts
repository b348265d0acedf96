/**
 * `bun run bench:scale`: what a tenant costs. 1 to 500 Flight Control children of one simulated parent in one worker, at one total rate:
 * CPU per event, memory and sockets per tenant, requests a minute, and how old events are when their intake takes them. Then how the
 * others fare while one tenant's intake hangs and another one has 50 times the traffic. `--short` tries it all in a few minutes.
 * `--runners 1,2,3` measures processes of a cluster instead, with one process without a cluster beside them: see `scale-cluster.ts`.
 *
 * Figures of the process come from `/proc`, between two marks in a steady state. Wall-clock figures depend on what else the machine does;
 * the line "other load" tells.
 */
import { cpus, loadavg } from "node:os"
import { parseArgs } from "node:util"
import { table } from "../src/cli/table.ts"
import { requireLinux } from "./proc.ts"
import { tellRunners } from "./scale-cluster-table.ts"
import { type Load, measureScale, type ScaleRun } from "./scale-run.ts"

const { values: flags } = parseArgs({
  options: {
    tenants: { type: "string", default: "1,10,50,200,500" },
    rate: { type: "string", default: "2000" },
    seconds: { type: "string", default: "30" },
    /** Tenants of the runs that compare the batch size and the disturbed neighbours. */
    among: { type: "string", default: "200" },
    /** Processes of a cluster, in place of everything else. */
    runners: { type: "string", default: "" },
    short: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
})

const number = (name: string, text: string): number => {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1) return value
  process.stderr.write(`--${name} must hold whole numbers from 1 on\n`)
  process.exit(2)
}

const counts = (flags.short ? "1,20" : flags.tenants).split(",").map((text) => number("tenants", text))
const rate = number("rate", flags.short ? "500" : flags.rate)
const seconds = number("seconds", flags.short ? "5" : flags.seconds)
const among = number("among", flags.short ? "20" : flags.among)
const say = (text: string) => void (flags.json ? process.stderr : process.stdout).write(`${text}\n`)

const rowOf = (name: string, run: ScaleRun): string[] => [
  name,
  String(run.tenants),
  run.events_per_batch.toFixed(1),
  run.cpu_us_per_event.toFixed(0),
  run.cores.toFixed(2),
  run.rss_mb.toFixed(0),
  String(run.sockets),
  run.requests_per_minute.toFixed(0),
  `${run.p50_ms} / ${run.p99_ms}`,
  run.start_s.toFixed(0),
  run.foreign_cores.toFixed(2),
  run.behind === 0 ? "none" : String(run.behind),
]
const head = [
  "",
  "tenants",
  "events/batch",
  "CPU µs/event",
  "cores",
  "RSS MB",
  "sockets",
  "requests/min",
  "p50 / p99 ms",
  "start s",
  "other load, cores",
  "events behind",
]

requireLinux()
if (flags.runners !== "") {
  const runners = flags.runners.split(",").map((text) => number("runners", text))
  await tellRunners(runners, number("seconds", flags.seconds), say)
  process.exit(0)
}
const machine = { cpu: cpus()[0]?.model ?? "", cores: cpus().length, bun: Bun.version, load: loadavg()[0] ?? 0 }
say(`${machine.cores} × ${machine.cpu}, Bun ${machine.bun}, load ${machine.load.toFixed(2)}`)
say(`${rate} events/s in all, ${seconds} s each\n`)

const measure = async (name: string, tenants: number, load: Partial<Load> = {}): Promise<ScaleRun> => {
  const run = await measureScale({ tenants, rate, seconds, ...load })
  process.stderr.write(`${rowOf(name, run).join("  ")}\n`)
  return run
}

const curve: ScaleRun[] = []
for (const tenants of counts) curve.push(await measure("even", tenants))
const batch_events = Math.max(1, Math.round(rate / among))
const one = await measure("one, small batches", 1, { batch_events_max: batch_events })
const even = curve.find(({ tenants }) => tenants === among) ?? (await measure("even", among))
const disturbed = await measure("disturbed", among, { dead_intakes: 1, floods: 1 })

say(
  table([
    head,
    ...curve.map((run) => rowOf("", run)),
    rowOf(`one, batches of ${batch_events}`, one),
    rowOf("others beside a dead intake and a flood", disturbed),
  ]),
)
const first = curve[0]!
const last = curve.at(-1)!
const mb_per_tenant = (last.rss_mb - first.rss_mb) / Math.max(1, last.tenants - first.tenants)
const cpu_ratio = even.cpu_us_per_event / one.cpu_us_per_event
const p99_ratio = disturbed.p99_ms / even.p99_ms
say(`\nmemory for each further tenant: ${mb_per_tenant.toFixed(2)} MB`)
say(`CPU per event, ${among} tenants to one at batches of ${batch_events}: ${cpu_ratio.toFixed(2)}`)
say(`p99 of the others beside a dead intake and 50 times the traffic, to that of all without: ${p99_ratio.toFixed(2)}`)
if (flags.json) {
  const summary = { mb_per_tenant, cpu_ratio, p99_ratio }
  process.stdout.write(`${JSON.stringify({ machine, rate, seconds, curve, one, even, disturbed, summary }, null, 2)}\n`)
}
process.exit(0)
