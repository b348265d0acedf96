/** The handler for the edge, started by the runtimes that have it. */
import { expect } from "bun:test"
import { writeFileSync } from "node:fs"
import { freePort } from "../http/sockets.ts"
import { until } from "../process/waiting.ts"
import { executables, root } from "./runtimes.ts"
import { addressOf, answersOverHttp, asking, type Place, type Started, token, withPlace } from "./smoke.ts"

const entry = (name: string) => `${root}test/runtimes/${name}.ts`

/** As docs/runtimes.md builds a Worker. */
export const worker_build = {
  target: "browser" as const,
  external: ["node:*"],
  conditions: ["workerd", "worker"],
}

/** The path of the bundle. */
export const buildWorker = async (outdir: string): Promise<string> => {
  const { outputs } = await Bun.build({
    entrypoints: [entry("edge-worker")],
    outdir,
    format: "esm",
    ...worker_build,
  })
  return outputs[0]!.path
}

const settingsOf = ({ simulated }: Place) => {
  const { client_id, client_secret } = simulated.simulator.settings
  const tokens = [{ name: "soc", role: "responder", token }]
  return JSON.stringify({ client_id, client_secret, base_url: simulated.url, server: { tokens } })
}

/** Under Deno, which is given no permission but the network. */
export const answersByDeno = () =>
  withPlace({}, async (place) => {
    const { deno } = executables
    if (deno === undefined) throw new Error("Deno is not installed; bun run runtimes installs it")
    const flags = ["run", "--no-prompt", "--allow-net"]
    const started = place.start([deno, ...flags, entry("edge-deno"), settingsOf(place)], {}, root)
    await answersAtEdge(await addressOf(started), started)
  })

/** As a Worker, under workerd. */
export const answersByWorkerd = () =>
  withPlace({}, async (place) => {
    const { workerd } = executables
    if (workerd === undefined) throw new Error("workerd is not installed; bun run runtimes installs it")
    await buildWorker(place.folder)
    const port = await freePort()
    writeFileSync(`${place.folder}/settings.json`, settingsOf(place))
    writeFileSync(`${place.folder}/config.capnp`, workerConfig(port))
    const started = place.start([workerd, "serve", "config.capnp"])
    const url = `http://127.0.0.1:${port}`
    const isThere = () =>
      fetch(`${url}/health/live`).then(
        ({ ok }) => ok || undefined,
        () => undefined,
      )
    await until("an answer of workerd", isThere, 120_000)
    await answersAtEdge(url, started)
  })

/** The steps over HTTP, several requests at once, and the audit log. */
const answersAtEdge = async (url: string, started: Started): Promise<void> => {
  await answersOverHttp(url)
  const ask = asking(url)
  const lookups = Array.from({ length: 6 }, () =>
    ask("/actions/query_devices_by_filter", { method: "POST", body: "{}" }),
  )
  expect((await Promise.all(lookups)).map(({ status }) => status)).toEqual(lookups.map(() => 200))
  const audited = () => [...started.out().matchAll(/^audit (.*)$/gm)].map(([, line]) => JSON.parse(line!).outcome)
  await until("the audit log", () => (audited().length >= 3 ? true : undefined))
  expect(audited()).toEqual(["unknown", "success", "refused"])
}

const workerConfig = (port: number): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "edge-worker.js")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [(name = "SETTINGS", json = embed "settings.json")],
);
`
