/**
 * `bun run bench:storm [seconds] [partitions]`: a storm of detections, with the enrichment off and on. What raw events lose by it, what it
 * costs in calls to Falcon, and what it holds in memory.
 */
import { table } from "../src/cli/table.ts"
import { enrichment } from "../src/plugins/enrichment/limits.ts"
import { freePort } from "./free-port.ts"
import { cpuMs, memory, requireLinux } from "./proc.ts"
import { environment, type SimulatorChild, startSimulator, startSubject } from "./processes.ts"
import { median } from "./statistics.ts"

/** Two events in five are detections: 10 000 different ones, over 1 000 processes. */
const templates = 25_000
/** How often they come: once, when all is over before the process is warm, and so often that the start hardly counts. */
const lengths = [1, 8]
const processes = 1_000
const rounds = 5
/** How long the storm is watched once all raw events are delivered. */
const watched_s = Number(process.argv[2] ?? 150)
const partitions = Number(process.argv[3] ?? 1)
const token = "bench-token-0001"
/** One call for the alert, one for each of 266 edge types at two processes, without any page or vertex. */
const naive_calls = 1 + 2 * 266

const startStorm = async (times: number) => {
  const simulator = await startSimulator({
    partitions,
    events_per_partition: times * templates,
    templates,
    processes,
    detections: "served",
    threatgraph_delay_ms: 50,
    rate_limits: true,
    intake_check: "full",
  })
  await askForAlerts(simulator.url)
  return simulator
}

/** The simulator looks for its detections when it is first asked for one, and that would count as the product's time. */
const askForAlerts = async (url: string) => {
  const { FALCON_CLIENT_ID, FALCON_CLIENT_SECRET } = environment(url, "")
  const form = new URLSearchParams({ client_id: FALCON_CLIENT_ID!, client_secret: FALCON_CLIENT_SECRET! })
  const token = await fetch(`${url}/oauth2/token`, { method: "POST", body: form })
  const { access_token } = (await token.json()) as { readonly access_token: string }
  const headers = { authorization: `Bearer ${access_token}`, "content-type": "application/json" }
  const body = JSON.stringify({ composite_ids: ["none:ind:none:0"] })
  await fetch(`${url}/alerts/entities/alerts/v2`, { method: "POST", headers, body })
}

interface Raw {
  readonly events_per_s: number
  readonly cpu_us_per_event: number
}

/** Times all raw events but the first tenth. */
const raw = async (simulator: SimulatorChild, pid: number, times: number): Promise<Raw> => {
  const whole = partitions * times * templates
  let first: { at_ms: number; cpu_ms: number; delivered: number } | undefined
  for (;;) {
    const { delivered } = (await simulator.account()).total
    const now = { at_ms: performance.now(), cpu_ms: cpuMs(pid), delivered }
    if (first === undefined && delivered >= whole / 10) first = now
    if (first !== undefined && delivered === whole) {
      const events = delivered - first.delivered
      return {
        events_per_s: (events * 1_000) / (now.at_ms - first.at_ms),
        cpu_us_per_event: ((now.cpu_ms - first.cpu_ms) * 1_000) / events,
      }
    }
    await Bun.sleep(20)
  }
}

type Watching = (simulator: SimulatorChild, port: number, pid: number) => Promise<void>

const run = async (times: number, on: boolean, watch: Watching) => {
  const simulator = await startStorm(times)
  const port = await freePort()
  const more = { ACTIVATE_VERTICLES_COLLECTION: String(on), AKONIS_PORT: String(port), AKONIS_TOKEN: token }
  const child = startSubject("akonis", simulator.url, { env: { ...more, AKONIS_LOG_LEVEL: "error" } })
  try {
    const seen = await raw(simulator, child.pid, times)
    await watch(simulator, port, child.pid)
    return seen
  } finally {
    await child.stop()
    await simulator.stop()
  }
}

/** Sums a metric over its labels. */
const read = async (port: number) => {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization: `Bearer ${token}` } })
  const lines = (await answer.text()).split("\n")
  return (name: string, label = ""): number =>
    lines
      .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
      .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0)
}

const watchStorm = async (simulator: SimulatorChild, port: number, pid: number) => {
  const seen: { readonly at_s: number; readonly calls: number }[] = []
  for (let second = 0; second < watched_s; second++) {
    await Bun.sleep(1_000)
    const calls = (await read(port))("akonis_enrichment_calls_total")
    seen.push({ at_s: performance.now() / 1_000, calls })
  }
  const metric = await read(port)
  const total_calls = seen.at(-1)?.calls ?? 0
  /** The most calls in so many seconds, from samples that lie as far apart or a little farther. */
  const most = (seconds: number) =>
    Math.max(
      0,
      ...seen.map((first, i) => {
        const last = seen.slice(i).find(({ at_s }) => at_s - first.at_s >= seconds)
        return last === undefined ? 0 : ((last.calls - first.calls) * seconds) / (last.at_s - first.at_s)
      }),
    )
  const done = metric("akonis_source_events_total", 'outcome="enriched"')
  const { vertices, total } = await simulator.account()
  const rows = [
    ["detections enriched", String(done)],
    [
      "dead-lettered (more than 10 000 events behind)",
      String(metric("akonis_source_events_total", 'outcome="dead_lettered"')),
    ],
    ["still open", String(metric("akonis_source_events_open"))],
    ["vertices delivered", `${vertices.events}, before their detection ${vertices.early}`],
    [
      "calls to Falcon",
      `${total_calls}, ${(total_calls / Math.max(1, done)).toFixed(1)} for each so far; naive ${naive_calls}`,
    ],
    [
      "most calls in a second, in a minute",
      `${most(10).toFixed(0)}, ${most(60).toFixed(0)}; its share ${10 * enrichment.api_per_second_max}, 2000`,
    ],
    ["raw events repeated, undelivered", `${total.repeated}, ${total.undelivered.events}`],
    ["peak memory", `${memory(pid).peak_mb.toFixed(0)} MB`],
  ]
  process.stdout.write(`${table([["THE STORM", `${watched_s} s later`], ...rows])}\n`)
}

requireLinux()
const row = (name: string, all: readonly Raw[]) => [
  name,
  median(all.map((one) => one.events_per_s)).toFixed(0),
  median(all.map((one) => one.cpu_us_per_event)).toFixed(1),
]
for (const times of lengths) {
  const off: Raw[] = []
  const on: Raw[] = []
  for (let round = 0; round < rounds; round++) {
    off.push(await run(times, false, async () => {}))
    const is_last = times === lengths.at(-1) && round === rounds - 1
    on.push(await run(times, true, is_last ? watchStorm : async () => {}))
  }
  const title = `${partitions * times * templates} RAW EVENTS (${rounds} rounds)`
  const rows = [[title, "EVENTS/S", "CPU µs"], row("enrichment off", off), row("enrichment on", on)]
  const ratio = median(on.map((one) => one.events_per_s)) / median(off.map((one) => one.events_per_s))
  process.stdout.write(`${table(rows)}\non / off: ${ratio.toFixed(2)} (asked: at least 0.8)\n`)
}
