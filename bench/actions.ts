/**
 * `POST /actions/get_device_details` beside a bare Hono proxy that makes the same call to Falcon: throughput with 50
 * callers, and latency at a rate below Falcon's limit. Simulator, product and proxy are processes of their own; rounds
 * are interleaved, so that what else the machine does meets both.
 *
 * The product keeps to 100 calls a second, which would be all that a throughput test could see. Its numbers (only those:
 * the code that counts stays in place) are raised for that part, in the process that this file starts; the latency part runs
 * with the limit as it ships.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { NodeFileSystem } from "@effect/platform-node"
import { Effect, Layer, Logger, Scope } from "effect"
import { Hono } from "hono"
import { listen as listenSimulator } from "../simulator/listen.ts"
import { loadConfig } from "../src/core/config/load.ts"
import { falcon } from "../src/core/falcon/limits.ts"
import { listen } from "../src/core/http/server/listen.ts"
import { plugins } from "../src/plugins/index.ts"
import { start } from "../src/start.ts"
import { markStarted } from "../src/worker.ts"

const callers = 50
const rounds = 5
const round_ms = 4_000
/** Before the first round, for each: a server that has just started is still being compiled. */
const warm_up_ms = 6_000
const paced_per_second = 60
const token = "bench-token-0001"
const [role = "main", ...rest] = process.argv.slice(2)
const say = (text: string) => process.stdout.write(`${text}\n`)

const serveSimulator = () => {
  const { url, simulator } = listenSimulator({ partitions: 1, templates: 8, rate_limits: false })
  say(`at ${url} ${simulator.settings.client_id} ${simulator.settings.client_secret}`)
}

const serveProduct = async (url: string, client_id: string, client_secret: string, limit: string) => {
  // The limits are constants of the product; nothing but a program that imports them can change them.
  if (limit === "raised") {
    Object.assign(falcon, { api_per_second_max: 11_000, tenant_per_minute_max: 660_000, api_burst_max: 1_000 })
    // The simulator goes on saying that the tenant's budget is spent; the product would slow down to spare it.
    Object.assign(falcon, { budget_low_share: 0, budget_last: [] })
  }
  const data_dir = mkdtempSync(`${tmpdir()}/akonis-bench-`)
  process.on("exit", () => rmSync(data_dir, { recursive: true, force: true }))
  const env = {
    FALCON_BASE_URL: url,
    FALCON_CLIENT_ID: client_id,
    FALCON_CLIENT_SECRET: client_secret,
    AKONIS_DATA_DIR: data_dir,
    AKONIS_TOKEN: token,
  }
  const chosen = plugins.filter(({ id }) => id === "hosts")
  await Effect.gen(function* () {
    const config = yield* loadConfig({ env, plugins: chosen })
    const { tenants, app } = yield* start(config, { env: {}, mode: "serve" })
    yield* markStarted(tenants)
    const at = yield* listen({ hostname: "127.0.0.1", port: 0, fetch: app.fetch })
    say(`at http://127.0.0.1:${at.port}`)
  }).pipe(
    Effect.provideService(Scope.Scope, Scope.makeUnsafe()),
    Effect.provide(Layer.mergeAll(NodeFileSystem.layer, Logger.layer([]))),
    Effect.runPromise,
  )
}

const serveProxy = async (url: string, client_id: string, client_secret: string) => {
  const form = new URLSearchParams({ client_id, client_secret })
  const answer = await fetch(`${url}/oauth2/token`, { method: "POST", body: form })
  const { access_token } = (await answer.json()) as { access_token: string }
  const app = new Hono()
  app.post("/actions/get_device_details", async (c) => {
    const { ids } = await c.req.json<{ ids: string[] }>()
    const upstream = await fetch(`${url}/devices/entities/devices/v2`, {
      method: "POST",
      headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
      body: JSON.stringify({ ids }),
    })
    const { resources } = (await upstream.json()) as { resources: unknown[] }
    return c.json({ results: { resources } })
  })
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: app.fetch })
  say(`at http://127.0.0.1:${server.port}`)
}

/** Starts this file in another role; gives what it says of itself. */
const spawn = async (...args: string[]) => {
  const child = Bun.spawn([process.execPath, import.meta.path, ...args], { stdout: "pipe", stderr: "inherit" })
  const { value } = await child.stdout.getReader().read()
  const [, ...words] = new TextDecoder().decode(value).trim().split(" ")
  return { words, stop: () => child.kill() }
}

interface Round {
  readonly per_second: number
  readonly latencies: readonly number[]
}

const ask = async (url: string, body: string): Promise<number> => {
  const began = performance.now()
  const answer = await fetch(`${url}/actions/get_device_details`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body,
  })
  const text = await answer.text()
  if (!answer.ok || !text.includes('"device_id"')) throw new Error(`${answer.status}: ${text.slice(0, 300)}`)
  return performance.now() - began
}

/** Everybody asks again as soon as answered. */
const flood = async (url: string, body: string, for_ms: number): Promise<Round> => {
  const latencies: number[] = []
  const began = performance.now()
  const caller = async () => {
    while (performance.now() - began < for_ms) latencies.push(await ask(url, body))
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return { per_second: (latencies.length * 1_000) / (performance.now() - began), latencies }
}

/** Requests start at a fixed rate, whatever becomes of the earlier ones. */
const paced = async (url: string, body: string, for_ms: number): Promise<Round> => {
  const asked: Promise<number>[] = []
  const began = performance.now()
  for (let i = 0; (i * 1_000) / paced_per_second < for_ms; i++) {
    await Bun.sleep(Math.max(0, (i * 1_000) / paced_per_second - (performance.now() - began)))
    asked.push(ask(url, body))
  }
  return { per_second: paced_per_second, latencies: await Promise.all(asked) }
}

const at = (sorted: readonly number[], share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
const middle = (values: readonly number[]): number =>
  at(
    [...values].sort((a, b) => a - b),
    0.5,
  )

const summary = (all: readonly Round[]) => {
  const sorted = all.map(({ latencies }) => [...latencies].sort((a, b) => a - b))
  return {
    per_second: middle(all.map(({ per_second }) => per_second)),
    p50_ms: middle(sorted.map((one) => at(one, 0.5))),
    p99_ms: middle(sorted.map((one) => at(one, 0.99))),
  }
}

const row = (name: string, { per_second, p50_ms, p99_ms }: ReturnType<typeof summary>) =>
  say(
    `  ${name.padEnd(10)}${per_second.toFixed(0).padStart(8)} req/s   p50 ${p50_ms.toFixed(1).padStart(7)} ms   p99 ${p99_ms.toFixed(1).padStart(7)} ms`,
  )

const compare = async (title: string, how: typeof flood, urls: readonly [string, string], body: string) => {
  const [product, proxy] = urls
  const results = { product: [] as Round[], proxy: [] as Round[] }
  await how(product, body, warm_up_ms)
  await how(proxy, body, warm_up_ms)
  for (let round = 0; round < rounds; round++) {
    results.product.push(await how(product, body, round_ms))
    results.proxy.push(await how(proxy, body, round_ms))
  }
  const ours = summary(results.product)
  const bare = summary(results.proxy)
  say(title)
  row("akonis", ours)
  row("bare proxy", bare)
  const ratios = { throughput: ours.per_second / bare.per_second, p99: ours.p99_ms / bare.p99_ms }
  say(`  ratios    throughput ${ratios.throughput.toFixed(2)}   p99 ${ratios.p99.toFixed(2)}`)
  return ratios
}

const someHosts = async (url: string): Promise<string[]> => {
  const answer = await fetch(`${url}/actions/query_devices_by_filter`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ limit: 3 }),
  })
  const { results } = (await answer.json()) as { results: { resources: string[] } }
  return results.resources
}

const main = async () => {
  const simulator = await spawn("simulator")
  const [url = "", id = "", secret = ""] = simulator.words
  const raised = await spawn("product", url, id, secret, "raised")
  const shipped = await spawn("product", url, id, secret, "shipped")
  const proxy = await spawn("proxy", url, id, secret)
  const bare = proxy.words[0]!
  try {
    const body = JSON.stringify({ ids: await someHosts(shipped.words[0]!) })
    say(`${rounds} interleaved rounds of ${round_ms / 1_000} s each; medians of the rounds`)
    const full = await compare(
      `Throughput, ${callers} callers, rate limit raised in this benchmark only`,
      flood,
      [raised.words[0]!, bare],
      body,
    )
    const calm = await compare(
      `Latency at ${paced_per_second} requests a second, rate limit as it ships`,
      paced,
      [shipped.words[0]!, bare],
      body,
    )
    const good = full.throughput >= 0.5 && full.p99 < 3 && calm.p99 < 3
    say(
      good
        ? "targets met: at least 0.5 of the throughput, p99 below 3 times"
        : "targets MISSED: 0.5 of the throughput, p99 below 3 times",
    )
    process.exitCode = good ? 0 : 1
  } finally {
    for (const child of [raised, shipped, proxy, simulator]) child.stop()
  }
}

const [url = "", id = "", secret = "", limit = ""] = rest
if (role === "simulator") serveSimulator()
else if (role === "product") await serveProduct(url, id, secret, limit)
else if (role === "proxy") await serveProxy(url, id, secret)
else await main()
