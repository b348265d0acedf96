/** The steps that every runtime of a process has to pass, each against a simulator of its own. */
import { expect } from "bun:test"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { type Listening, listen } from "../../simulator/listen.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { cases } from "../actions/cases.ts"
import { certificates, proxy } from "../http/sockets.ts"
import { makePlaces, until, within } from "../process/waiting.ts"
import { denoServe, type ProcessRuntime, root } from "./runtimes.ts"

export const token = "runtimes-token-0001"

/** A start may have to wait for the other tests of a busy machine. */
const start_ms_max = 120_000

export interface Place {
  readonly folder: string
  readonly simulated: Listening
  /** Starts a command line with the configuration of this place. */
  readonly start: (command: readonly string[], env?: Readonly<Record<string, string>>, cwd?: string) => Started
}

export interface Started {
  readonly out: () => string
  readonly err: () => string
  /** The exit status, once everything that was printed is there. */
  readonly ended: Promise<number>
  readonly kill: (signal: NodeJS.Signals) => void
}

/** Starts cost processor time: more at once would only wait for each other. */
const places = makePlaces(4)

/** A folder and a simulator, gone afterwards. */
export const withPlace = (options: SimulatorOptions, body: (place: Place) => Promise<void>): Promise<void> =>
  places.use(() => inPlace(options, body))

const inPlace = async (options: SimulatorOptions, body: (place: Place) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-runtimes-`)
  const simulated = listen({ partitions: 1, templates: 16, events_per_partition: 1, ...options })
  const { client_id, client_secret, intake_key } = simulated.simulator.settings
  const settings = {
    FALCON_BASE_URL: simulated.url,
    FALCON_CLIENT_ID: client_id,
    FALCON_CLIENT_SECRET: client_secret,
    SEKOIA_INTAKE_URL: simulated.url,
    SEKOIA_INTAKE_KEY: intake_key,
    AKONIS_PORT: "0",
    AKONIS_TOKEN: token,
  }
  const running = new Set<Started>()
  mkdirSync(`${folder}/data`)
  try {
    await body({
      folder,
      simulated,
      start: (command, env = {}, cwd = folder) => {
        const started = spawn(command, cwd, { ...settings, AKONIS_DATA_DIR: `${folder}/data`, TMPDIR: folder, ...env })
        running.add(started)
        return started
      },
    })
  } finally {
    for (const started of running) started.kill("SIGKILL")
    await simulated.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const spawn = (command: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Started => {
  const child = Bun.spawn([...command], {
    cwd,
    // Deno keeps what it has compiled in its home.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  const [out, err] = [collect(child.stdout), collect(child.stderr)]
  return {
    out: out.text,
    err: err.text,
    ended: Promise.all([child.exited, out.finished, err.finished]).then(([status]) => status),
    kill: (signal) => child.kill(signal),
  }
}

const collect = (stream: ReadableStream<Uint8Array>) => {
  let text = ""
  const read = async () => {
    for await (const chunk of stream) text += Buffer.from(chunk).toString()
  }
  return { text: () => text, finished: read() }
}

/** Where a process says that it listens. */
export const addressOf = (started: Started): Promise<string> =>
  until(
    "the address of the process",
    () => /listens on (http:\S+);/.exec(started.err() + started.out())?.[1],
    start_ms_max,
  ).catch((error) => Promise.reject(new Error(`${error.message}\n${started.err()}`)))

/** `akonis` there; throws where continuous integration has to have installed the runtime. */
const commandOf = (runtime: ProcessRuntime, folder: string): readonly string[] => {
  const command = runtime.akonis(folder)
  if (command === undefined) throw new Error(`${runtime.name} is not installed; bun run runtimes installs it`)
  return command
}

/** Token, streams and intake are found, over TLS whose authority is ours alone, through a proxy. */
export const checks = (runtime: ProcessRuntime) =>
  withPlace({}, async ({ folder, simulated, start }) => {
    const { ca, cert, key } = certificates
    const secure = Bun.serve({ port: 0, tls: { cert, key }, fetch: (request) => simulated.simulator.fetch(request) })
    using tunnel = await proxy(secure.port!)
    writeFileSync(`${folder}/ca.pem`, ca)
    writeFileSync(`${folder}/akonis.yaml`, `ca_file: ${folder}/ca.pem\n`)
    const url = "https://falcon.test"
    const env = { FALCON_BASE_URL: url, SEKOIA_INTAKE_URL: url, HTTPS_PROXY: tunnel.address }
    const check = start([...commandOf(runtime, folder), "check", "--json"], env)
    const status = await check.ended
    await secure.stop(true)
    const rows = JSON.parse(check.out()) as { readonly name: string; readonly status: string }[]
    expect({ status, failed: rows.filter((row) => row.status === "failed") }).toEqual({ status: 0, failed: [] })
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(["credentials", "streams", "destination"]))
    expect(tunnel.heads.length).toBeGreaterThan(0)
  })

/** A stream of some hundred events while actions are asked for, then a stop. */
export const runs = (runtime: ProcessRuntime) =>
  withPlace({ partitions: 2, events_per_partition: 200 }, async ({ folder, simulated, start }) => {
    const worker = start([...commandOf(runtime, folder), "run"])
    const url = await addressOf(worker)
    await answersOverHttp(url)
    await hasPages(url)
    const total = () => simulated.simulator.account().total
    await until("400 delivered events", () => (total().delivered === 400 ? true : undefined))
    await drains(url, simulated, worker)
    expect(total()).toMatchObject({ delivered: 400, repeated: 0, corrupted: 0, out_of_order: 0 })
    const read = (name: string) => readFileSync(`${folder}/data/${name}`, "utf8")
    expect(Object.keys(JSON.parse(read("cache.json")))).toHaveLength(2)
    const audited = read("audit.ndjson").trim().split("\n")
    expect(audited.map((line) => JSON.parse(line).outcome)).toEqual(["success", "refused"])
  })

/** A stop in the middle of a request: it is answered, then the process ends, and says so. */
const drains = async (url: string, { simulator }: Listening, started: Started): Promise<void> => {
  simulator.addFault({ on: "api", do: { slow: { delay_ms: 200 } } })
  const asked = simulator.state.requests.length
  const slow = asking(url)("/actions/query_devices_by_filter", { method: "POST", body: "{}" })
  await until("a request at Falcon", () => (simulator.state.requests.length > asked ? true : undefined))
  started.kill("SIGTERM")
  expect((await slow).status).toBe(200)
  expect({ status: await started.ended, err: started.err() }).toMatchObject({ status: 0 })
}

type Ask = (path: string, init?: RequestInit) => Promise<Response>

export const asking =
  (url: string): Ask =>
  (path, init = {}) =>
    fetch(url + path, {
      ...init,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...init.headers },
    })

/** Health, catalogue, a lookup, and a change that is not made twice. */
export const answersOverHttp = async (url: string): Promise<void> => {
  const ask = asking(url)
  const json = async (answer: Promise<Response>) => (await (await answer).json()) as Record<string, never>
  expect((await fetch(`${url}/health/live`)).status).toBe(200)
  expect((await fetch(`${url}/actions`)).status).toBe(401)
  expect((await json(ask("/actions"))).actions).toHaveLength(Object.keys(cases).length)
  await until("the start of the plugins", async () => ((await ask("/health/ready")).ok ? true : undefined))
  const post = (slug: string, args: object, headers = {}) =>
    ask(`/actions/${slug}`, { method: "POST", body: JSON.stringify(args), headers })
  const found = await json(post("query_devices_by_filter", { limit: 2 }))
  const ids = (found as { results?: { resources?: string[] } }).results?.resources ?? []
  expect(ids).toHaveLength(2)
  const planned = await json(post("isolate_endpoints?dry_run=true", { ids }))
  expect(planned).toMatchObject({ outcome: "dry_run" })
  const headers = { "idempotency-key": "smoke-1" }
  const done = await post("isolate_endpoints", { ids }, headers)
  const first = await done.text()
  expect(JSON.parse(first)).toMatchObject({ outcome: "success", counts: { succeeded: 2 } })
  const again = await post("isolate_endpoints", { ids }, headers)
  expect([await again.text(), again.headers.get("idempotency-replayed")]).toEqual([first, "true"])
  expect((await post("isolate_endpoints", { ids: ids.slice(1) }, headers)).status).toBe(409)
  expect((await post("isolate_endpoints", { ids: "no list" })).status).toBe(400)
}

/** What a person or an orchestrator opens. */
const hasPages = async (url: string): Promise<void> => {
  const ask = asking(url)
  const script = await ask("/docs/swagger-ui-bundle.js")
  expect([script.status, (await script.text()).includes("SwaggerUIBundle")]).toEqual([200, true])
  expect(await (await ask("/metrics")).text()).toContain("akonis_falcon_token_renewals_total")
  const initialize = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "smoke", version: "1" } }
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: initialize })
  const mcp = await ask("/mcp", { method: "POST", body, headers: { accept: "application/json, text/event-stream" } })
  expect([mcp.status, await mcp.text()]).toEqual([200, expect.stringContaining('"akonis"')])
}

/** One run from the shell. */
export const calls = (runtime: ProcessRuntime) =>
  withPlace({}, async ({ folder, start }) => {
    const akonis = commandOf(runtime, folder)
    const call = start([...akonis, "call", "query_devices_by_filter", "--args", '{"limit":1}', "--json"])
    expect({ status: await call.ended, err: call.err() }).toMatchObject({ status: 0 })
    expect(JSON.parse(call.out())).toMatchObject({ outcome: "success" })
  })

/** `deno serve`, which listens where it is told: elsewhere than configured it is refused, and a stop lets requests be answered. */
export const servesByDeno = () =>
  withPlace({}, async ({ folder, simulated, start }) => {
    const command = denoServe(folder)
    if (command === undefined) throw new Error("Deno is not installed; bun run runtimes installs it")
    const [serve, source] = [command.slice(0, -1), command.at(-1)!]
    // It looks for the packages where it is started.
    const wrong = start([...serve, "--port", "0", source], { AKONIS_HOST: "127.0.0.1" }, root)
    const status = await within("the end of deno serve", wrong.ended, 60_000)
    expect([status, wrong.err()]).toEqual([2, expect.stringContaining("deno serve listens on 0.0.0.0:")])
    const right = start([...serve, "--host", "127.0.0.1", "--port", "0", source], {}, root)
    const url = await addressOf(right)
    await answersOverHttp(url)
    await drains(url, simulated, right)
  })

/** The demo, which has the simulator in the same process, and ends with the books. */
export const demonstrates = (runtime: ProcessRuntime) =>
  withPlace({}, async ({ folder, start }) => {
    const flags = ["--events", "400", "--for", "1s", "--partitions", "2"]
    const demo = start([...commandOf(runtime, folder), "demo", ...flags])
    expect([await demo.ended, demo.out()]).toEqual([0, expect.stringMatching(/delivered +399 .*yes.*yes/)])
    expect(demo.out()).toMatch(/repeated +0\nlost +0\n/)
  })
