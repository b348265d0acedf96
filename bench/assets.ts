/**
 * The inventory of a large tenant, by the real worker against the simulator, each a process of its own: a first pass over all
 * hosts, then a pass that finds a few changes. `bun run bench:assets [hosts]`; 100 000 hosts by default.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { resolve } from "node:path"
import { options_schema } from "../simulator/options.ts"
import { cpuMs, memory, requireLinux } from "./proc.ts"
import { environment, startSimulator } from "./processes.ts"

const root = resolve(import.meta.dir, "..")
const settle_ms = 500

interface Taken {
  readonly requests: number
  readonly accepted: number
  readonly repeated: number
  readonly hosts: { readonly exist: number; readonly missing: number }
}

interface Row {
  readonly pass: string
  readonly falcon_calls: number
  readonly sekoia_calls: number
  readonly items: number
  readonly repeated: number
  readonly missing: number
  readonly seconds: number
  readonly cpu_s: number
  readonly peak_mb: number
}

requireLinux()
const fleet = Number(process.argv[2] ?? 100_000)
const { hosts: company_hosts, sekoia_api_key } = options_schema.parse({})
const simulator = await startSimulator({ fleet, events_per_partition: 0 })
const folder = mkdtempSync(`${tmpdir()}/akonis-bench-assets-`)
const worker = Bun.spawn([process.execPath, resolve(root, "src/main.ts"), "worker", "--config", "assets.yaml"], {
  cwd: folder,
  env: { ...environment(simulator.url, folder), ...(await configured()) },
  stdin: "ignore",
  stdout: "ignore",
  stderr: "inherit",
})

try {
  const first = await pass("first", fleet + company_hosts)
  await ask("POST", { fleet: { change: 50, add: 20 } })
  const second = await pass("second: 50 changed, 20 new", 70, first)
  // biome-ignore lint/suspicious/noConsole: what this script is for.
  console.table([first, second])
  const { size } = statSync(`${folder}/data/device-assets.known`)
  process.stdout.write(`device-assets.known: ${(size / 1e6).toFixed(1)} MB\n`)
  process.stdout.write(`context.json: ${readFileSync(`${folder}/data/context.json`, "utf8")}`)
} finally {
  worker.kill()
  await worker.exited
  await simulator.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** Writes the configuration, and answers the variables that go with it. */
async function configured(): Promise<Record<string, string>> {
  await Bun.write(
    `${folder}/assets.yaml`,
    "plugins:\n  only: [device-assets]\n  device-assets: { enabled: true, frequency: 5 }\n",
  )
  return {
    SEKOIA_API_KEY: sekoia_api_key,
    SEKOIA_BASE_URL: simulator.url,
    SEKOIA_DEVICE_CONNECTOR_UUID: "11111111-2222-4333-8444-555555555555",
  }
}

async function ask(method = "GET", body?: unknown): Promise<Taken> {
  const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
  return (await fetch(`${simulator.url}/_sim/assets`, init)).json() as Promise<Taken>
}

/** Waits until the worker is done with so many items more, and a little longer for what should not come. */
async function pass(name: string, items: number, before?: Row): Promise<Row> {
  const began_ms = performance.now()
  const start = before === undefined ? { requests: 0, accepted: 0, repeated: 0 } : await ask()
  const falcon_before = await falconCalls()
  const cpu_before = before === undefined ? 0 : cpuMs(worker.pid)
  let peak_mb = 0
  let ended_ms = began_ms
  for (;;) {
    const taken = await ask()
    peak_mb = Math.max(peak_mb, memory(worker.pid).rss_mb)
    if (taken.accepted < start.accepted + items) {
      if (worker.exitCode !== null) throw new Error("the worker has ended")
      await Bun.sleep(settle_ms)
      continue
    }
    if (ended_ms === began_ms) ended_ms = performance.now()
    await Bun.sleep(4 * settle_ms)
    const { requests, accepted, repeated, hosts } = await ask()
    return {
      pass: name,
      falcon_calls: (await falconCalls()) - falcon_before,
      sekoia_calls: requests - start.requests,
      items: accepted - start.accepted,
      repeated: repeated - start.repeated,
      missing: hosts.missing,
      seconds: Math.round((ended_ms - began_ms) / 100) / 10,
      cpu_s: (cpuMs(worker.pid) - cpu_before) / 1_000,
      peak_mb: Math.round(Math.max(peak_mb, memory(worker.pid).peak_mb)),
    }
  }
}

/** Calls of Falcon's API, the token's left out. */
async function falconCalls(): Promise<number> {
  const { requests } = (await (await fetch(`${simulator.url}/_sim/api`)).json()) as { requests: unknown[] }
  return requests.length
}
