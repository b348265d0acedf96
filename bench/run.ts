/**
 * `bun run bench`: what an event costs Akonis, side by side with the least it could cost in C and on this runtime (floors) and with
 * what the obvious client costs (naive), on the same events from the simulator. Then: how long a live event takes. `--stock DIR`
 * adds the product of another checkout; `--events 20000 --warm-up 20000 --rounds 1 --partitions 1 --latency 5` is a short run.
 *
 * Figures of a process are taken from outside, the same way for all, between two marks: start-up, warm-up and the last
 * batches are left out. CPU per event is the figure to trust; events/s depends on what else the machine does.
 */
import { existsSync } from "node:fs"
import { cpus, loadavg } from "node:os"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { table } from "../src/cli/table.ts"
import { compileFloor } from "./c-floor.ts"
import { type LatencyRun, measureLatency } from "./latency.ts"
import { requireLinux } from "./proc.ts"
import { elsewhere, executable, type Subject } from "./processes.ts"
import { median, spread } from "./statistics.ts"
import { measure, type Run } from "./throughput.ts"

const { values: flags } = parseArgs({
  options: {
    events: { type: "string", default: "200000" },
    /** At most. Code is compiled for long: a figure from before that is one of the compiler. */
    "warm-up": { type: "string", default: "150000" },
    rounds: { type: "string", default: "5" },
    partitions: { type: "string", default: "1,4,16" },
    latency: { type: "string", default: "30" },
    binary: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    /** Another checkout of the product, with its packages installed. */
    stock: { type: "string" },
  },
})

/** A flag that holds a number of at least `least`. */
const number = (name: string, text: string, least: number): number => {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least) return value
  process.stderr.write(`--${name} must be a whole number from ${least} on\n`)
  process.exit(2)
}

const events = number("events", flags.events, 1_000)
const warm_up_events_max = number("warm-up", flags["warm-up"], 1_000)
const rounds = number("rounds", flags.rounds, 1)
const latency_s = number("latency", flags.latency, 0)
const partition_counts = flags.partitions.split(",").map((text) => number("partitions", text, 1))
const akonis: Subject = flags.binary ? "binary" : "akonis"
const c_floor = compileFloor()
if (c_floor !== undefined) elsewhere.c_floor = c_floor
if (flags.stock !== undefined) elsewhere.stock = resolve(flags.stock)
const compared: readonly Subject[] = [
  ...(c_floor === undefined ? [] : (["c"] as const)),
  "floor",
  ...(flags.stock === undefined ? [] : (["stock"] as const)),
  akonis,
  "naive",
]
const titles = {
  c: "floor in C",
  floor: "floor",
  akonis: "akonis",
  stock: "akonis (stock)",
  binary: "akonis (compiled)",
  naive: "naive",
} as const

const say = (text: string) => void (flags.json ? process.stderr : process.stdout).write(`${text}\n`)

/** Every subject once with every byte compared: none of them may be fast by leaving something out. */
async function verify(): Promise<Run[]> {
  const runs: Run[] = []
  for (const subject of compared)
    runs.push(
      await measure({
        subject,
        partitions: 2,
        events: Math.min(events, 20_000),
        warm_up_events_max: 10_000,
        check: "full",
      }),
    )
  say("Every byte compared, 2 partitions:")
  say(
    table([
      ["", "available", "delivered", "repeated", "corrupted", "out of order"],
      ...runs.map(({ subject, account: a }) =>
        [titles[subject], a.available, a.delivered, a.repeated, a.corrupted, a.out_of_order].map(String),
      ),
    ]),
  )
  return runs
}

/** The rounds are interleaved, so that what else happens on the machine strikes all subjects alike. */
async function compare(partitions: number): Promise<Run[]> {
  const runs: Run[] = []
  for (let round = 0; round < rounds; round++) {
    for (const subject of compared)
      runs.push(await measure({ subject, partitions, events, warm_up_events_max, check: "count" }))
  }
  say(`\n${partitions} partition${partitions === 1 ? "" : "s"}, ${events} events, ${rounds} rounds: median (min–max)`)
  say(
    table([
      [
        "",
        "CPU µs/event",
        "user",
        "system",
        "page faults/1000",
        "warm-up events",
        "events/s",
        "peak RSS MB",
        "simulator, cores",
        "other load, cores",
        "all delivered",
      ],
      ...compared.map((subject) => row(runs.filter((run) => run.subject === subject))),
    ]),
  )
  const told = Object.entries(ratios(runs)).map(([name, ratio]) => `${name.replace("_to_", "/")} ${ratio.toFixed(2)}`)
  say(`CPU per event: ${told.join(", ")}`)
  return runs
}

const row = (runs: readonly Run[]): string[] => [
  titles[runs[0]!.subject],
  spread(
    runs.map((run) => run.cpu_us_per_event),
    1,
  ),
  median(runs.map((run) => run.cpu_us_per_event - run.system_us_per_event)).toFixed(1),
  median(runs.map((run) => run.system_us_per_event)).toFixed(1),
  median(runs.map((run) => run.page_faults_per_1000)).toFixed(0),
  `${median(runs.map((run) => run.warm_up_events))}${runs.every(({ has_settled }) => has_settled) ? "" : ", not settled"}`,
  spread(
    runs.map((run) => run.events_per_s),
    0,
  ),
  spread(
    runs.map((run) => run.peak_rss_mb),
    0,
  ),
  median(runs.map((run) => run.simulator_cores)).toFixed(2),
  median(runs.map((run) => run.foreign_cores)).toFixed(2),
  runs.every(({ account: a }) => a.delivered === a.available && a.repeated + a.corrupted + a.out_of_order === 0)
    ? "yes"
    : "NO",
]

function ratios(runs: readonly Run[]) {
  const cost = (wanted: Subject) =>
    median(runs.filter(({ subject }) => subject === wanted).map((run) => run.cpu_us_per_event))
  return {
    akonis_to_floor: cost(akonis) / cost("floor"),
    naive_to_akonis: cost("naive") / cost(akonis),
    ...(c_floor === undefined ? {} : { akonis_to_c: cost(akonis) / cost("c") }),
    ...(flags.stock === undefined ? {} : { akonis_to_stock: cost(akonis) / cost("stock") }),
  }
}

async function latencies(): Promise<LatencyRun[]> {
  if (latency_s === 0) return []
  const runs: LatencyRun[] = []
  for (const rate of [1, 10, 100]) runs.push(await measureLatency(akonis, rate, latency_s))
  say(`\nFrom the creation of an event to an intake that takes 20 ms to answer, ${latency_s} s each, in ms:`)
  say(
    table([
      ["events/s", "events", "p50", "p99", "max", "posts/s", "lost"],
      ...runs.map((run) =>
        [
          run.rate_per_s,
          run.events,
          run.p50_ms,
          run.p99_ms,
          run.max_ms,
          Math.round(run.posts_per_s * 10) / 10,
          run.lost,
        ].map(String),
      ),
    ]),
  )
  return runs
}

requireLinux()
if (flags.binary && !existsSync(executable)) {
  process.stderr.write("dist/akonis is missing: bun run build\n")
  process.exit(2)
}
const machine = { cpu: cpus()[0]?.model ?? "", cores: cpus().length, bun: Bun.version, load: loadavg()[0] ?? 0 }
say(`${machine.cores} × ${machine.cpu}, Bun ${machine.bun}, load ${machine.load.toFixed(2)}\n`)
const verified = await verify()
const throughput: { readonly partitions: number; readonly runs: Run[] }[] = []
for (const partitions of partition_counts) throughput.push({ partitions, runs: await compare(partitions) })
const latency = await latencies()
if (flags.json) {
  const compares = throughput.map(({ partitions, runs }) => ({ partitions, ...ratios(runs), runs }))
  process.stdout.write(
    `${JSON.stringify({ machine, events, rounds, verified, throughput: compares, latency }, null, 2)}\n`,
  )
}
process.exit(0)
