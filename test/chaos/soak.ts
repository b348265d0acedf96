/**
 * `bun run soak [--events N] [--reconnects N] [--picture FILE]`: whether a worker grows. It delivers N events, and then a new
 * one reconnects N times; both are watched from outside, once a second. Status 1 when the last quarter of a curve lies
 * above its first one by more than noise.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { parseArgs } from "node:util"
import { memory, requireLinux } from "../../bench/proc.ts"
import { type SimulatorChild, startSimulator, startSubject } from "../../bench/processes.ts"
import { picture } from "./picture.ts"

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "5000000" },
    reconnects: { type: "string", default: "500" },
    picture: { type: "string", default: "docs/soak.svg" },
  },
})
const events = Number(values.events)
const reconnects = Number(values.reconnects)
if (!(events > 0) || !(reconnects > 0)) {
  process.stderr.write("soak [--events N] [--reconnects N] [--picture FILE]\n")
  process.exit(2)
}
requireLinux()

interface Sample {
  readonly rss_mb: number
  readonly anonymous_mb: number
  readonly descriptors: number
}

const sample_ms = 1_000
/** The share of the first samples that the verdict leaves out: a process starts, and its code gets compiled. */
const warm_up_share = 0.1
/** Fewer samples than this tell nothing. */
const samples_min = 8
const patience_ms = 60_000

const say = (text: string) => void process.stdout.write(`${text}\n`)

/** Takes a sample each second until it is stopped. */
const watch = (pid: number) => {
  const samples: Sample[] = []
  const take = () => {
    const { rss_mb, anonymous_mb } = memory(pid)
    samples.push({ rss_mb, anonymous_mb, descriptors: readdirSync(`/proc/${pid}/fd`).length })
  }
  const timer = setInterval(take, sample_ms)
  return () => {
    clearInterval(timer)
    return samples
  }
}

/** Waits for a number to be reached, as long as it grows. */
const reaches = async (what: string, wanted: number, look: () => Promise<number>): Promise<void> => {
  let best = -1
  let moved_ms = performance.now()
  for (;;) {
    const now = await look()
    if (now >= wanted) return
    if (now > best) moved_ms = performance.now()
    best = Math.max(best, now)
    if (performance.now() - moved_ms > patience_ms)
      throw new Error(`${now} of ${wanted} ${what}, and no more for a minute`)
    await Bun.sleep(200)
  }
}

/** Memory and descriptors while a backlog is delivered as fast as it goes. */
const deliver = async (): Promise<readonly Sample[]> => {
  const simulator = await startSimulator({ events_per_partition: events, intake_check: "count" })
  const worker = startSubject("akonis", simulator.url)
  const stop = watch(worker.pid)
  try {
    await reaches("events delivered", events, async () => (await simulator.account()).total.delivered)
    return stop()
  } finally {
    stop()
    await worker.stop()
    await simulator.stop()
  }
}

const partitions = 5

interface Alive {
  readonly timers: number
  readonly generators: number
  readonly signals: number
}

/** Memory, descriptors, and what is alive inside the process, while every session is ended again and again. */
const reconnect = async (): Promise<{ samples: readonly Sample[]; alive: readonly Alive[] }> => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-soak-`)
  const probe = `${folder}/probe`
  const simulator = await startSimulator({ partitions, events_per_partition: 100, events_per_second: 20 })
  const flags = ["--preload", new URL("./probe.ts", import.meta.url).pathname]
  const worker = startSubject("akonis", simulator.url, { flags, env: { AKONIS_PROBE: probe } })
  const stop = watch(worker.pid)
  try {
    for (let done = 0; done < reconnects; ) {
      await reaches("open streams", partitions, async () => (await state(simulator)).streams_open)
      done += await endSessions(simulator)
      if (done % 50 === 0) say(`${done} sessions ended`)
    }
    await reaches("open streams", partitions, async () => (await state(simulator)).streams_open)
    const lines = readFileSync(probe, "utf8").trim().split("\n")
    return { samples: stop(), alive: lines.map((line) => JSON.parse(line) as Alive) }
  } finally {
    stop()
    await worker.stop()
    await simulator.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const state = async ({ url }: SimulatorChild) =>
  (await (await fetch(`${url}/_sim/state`)).json()) as { readonly streams_open: number }

const endSessions = async ({ url }: SimulatorChild): Promise<number> => {
  const answer = await fetch(`${url}/_sim/sessions/end`, { method: "POST", body: "{}" })
  return ((await answer.json()) as { readonly ended: number }).ended
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length

interface Verdict {
  readonly text: string
  readonly flat: boolean
}

/** The first quarter against the last; `noise` is what may be between them besides a tenth. */
const judge = (name: string, numbers: readonly number[], noise: number): Verdict => {
  if (numbers.length < samples_min) throw new Error(`only ${numbers.length} samples of ${name}; ask for more`)
  const settled = numbers.slice(Math.ceil(numbers.length * warm_up_share))
  const quarter = Math.floor(settled.length / 4)
  const first = mean(settled.slice(0, quarter))
  const last = mean(settled.slice(-quarter))
  return { text: `${name} ${first.toFixed(1)} -> ${last.toFixed(1)}`, flat: last <= first * 1.1 + noise }
}

const curve = (name: string, color: string, key: keyof Sample, samples: readonly Sample[]) => ({
  name,
  color,
  values: samples.map((sample) => sample[key]),
})

const memoryPlot = (title: string, samples: readonly Sample[]) => ({
  title: `${title}: memory in MB`,
  curves: [curve("RSS", "#c0392b", "rss_mb", samples), curve("anonymous", "#2471a3", "anonymous_mb", samples)],
})

const descriptorPlot = (title: string, samples: readonly Sample[]) => ({
  title: `${title}: file descriptors`,
  curves: [curve("descriptors", "#1e8449", "descriptors", samples)],
})

say(`soak: ${events} events, then ${reconnects} reconnects`)
const delivering = await deliver()
say(`delivered after ${delivering.length} s`)
const { samples: reconnecting, alive } = await reconnect()

const of = (key: keyof Sample, samples: readonly Sample[]) => samples.map((sample) => sample[key])
const counted = (key: keyof Alive) => alive.map((one) => one[key])
const verdicts = [
  judge("RSS MB", of("rss_mb", delivering), 10),
  judge("anonymous MB", of("anonymous_mb", delivering), 10),
  judge("descriptors", of("descriptors", delivering), 3),
  judge("descriptors while reconnecting", of("descriptors", reconnecting), 5),
  judge("anonymous MB while reconnecting", of("anonymous_mb", reconnecting), 10),
  judge("timers", counted("timers"), 10),
  judge("generators (fibers)", counted("generators"), 20),
  judge("abort signals", counted("signals"), 20),
]
const events_title = `${events} events`
const reconnects_title = `${reconnects} reconnects of ${partitions} partitions`
writeFileSync(
  values.picture,
  picture(`akonis worker: ${events_title}, ${reconnects_title}`, [
    memoryPlot(events_title, delivering),
    descriptorPlot(events_title, delivering),
    memoryPlot(reconnects_title, reconnecting),
    descriptorPlot(reconnects_title, reconnecting),
  ]),
)
const flat = verdicts.every((verdict) => verdict.flat)
const grown = verdicts.filter((verdict) => !verdict.flat).map(({ text }) => text)
say(
  `${flat ? "flat" : `GROWS (${grown.join("; ")})`}, first quarter -> last quarter: ${verdicts.map(({ text }) => text).join(", ")}`,
)
say(`picture: ${values.picture}`)
process.exit(flat ? 0 : 1)
