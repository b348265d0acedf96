/** The module over real sockets and a real disk, on the real clock, in this process. A stop is the interruption that SIGTERM makes. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { Effect, type Exit, Fiber } from "effect"
import { type Listening, listen } from "../../simulator/listen.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { layerFiles } from "../../src/core/store/files.ts"
import { layerNetwork } from "../../src/core/tenant/boot.ts"
import { runModule } from "../../src/platform/runtime/module.ts"
import { plugins } from "../../src/plugins/index.ts"
import { makeStandIn, run_token, type StandIn, type StandInOptions } from "./stand-in.ts"

interface Started {
  /** Stops the container, and gives how it ended. */
  readonly stop: () => Promise<Exit.Exit<void, unknown>>
  readonly ended: Promise<Exit.Exit<void, unknown>>
}

export interface Live {
  readonly falcon: Listening
  readonly platform: StandIn
  /** Sekoia's API: the asset API of the simulator, everything else of the stand-in. */
  readonly sekoia_url: string
  /** The data path. */
  readonly data: string
  readonly start: (docker_parameters: string, settings?: Readonly<Record<string, unknown>>) => Started
}

export const withLive = async (
  options: { readonly simulator?: SimulatorOptions; readonly platform?: StandInOptions },
  body: (live: Live) => Promise<void>,
): Promise<void> => {
  const falcon = listen({
    templates: 8,
    partitions: 1,
    events_per_partition: 0,
    alerts: 0,
    hosts: 0,
    ...options.simulator,
  })
  const { client_id, client_secret } = falcon.simulator.settings
  const platform = makeStandIn({ secrets: { client_secret }, ...options.platform })
  const isAsset = (url: string) => /^\/api\/(v2\/asset-management|v1\/tasks)\//.test(new URL(url).pathname)
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => (isAsset(request.url) ? falcon.simulator.fetch(request) : platform.fetch(request)),
  })
  const sekoia_url = `http://127.0.0.1:${server.port}`
  const folder = mkdtempSync(`${tmpdir()}/akonis-module-`)
  const data = `${folder}/symphony_data`
  mkdirSync(data)
  const running: Started[] = []

  const start: Live["start"] = (docker_parameters, more = {}) => {
    const symphony = `${folder}/symphony`
    rmSync(symphony, { recursive: true, force: true })
    mkdirSync(symphony)
    const settings = {
      module_configuration: { client_id, client_secret: "*****", base_url: falcon.url },
      token: run_token,
      url_callback: `${sekoia_url}/api/v1/playbooks/runs/1/callback`,
      liveness_port: "0",
      metrics_port: "0",
      ...more,
    }
    for (const [name, value] of Object.entries(settings))
      writeFileSync(`${symphony}/${name}`, typeof value === "string" ? value : JSON.stringify(value))
    const env = { AKONIS_LOG_LEVEL: "info" }
    const given = { plugins, folder: symphony, data_folder: data, env }
    const module = Effect.gen(function* () {
      const network = yield* layerNetwork({ source: "environment" }, { version: "1.2.3", env: {} })
      return yield* runModule(docker_parameters, { ...given, network })
    }).pipe(Effect.provide(layerFiles))
    const fiber = Effect.runFork(module)
    const ended = Effect.runPromise(Fiber.await(fiber))
    const stop = () => {
      fiber.interruptUnsafe()
      return ended
    }
    const started = { ended, stop }
    running.push(started)
    return started
  }
  try {
    await body({ falcon, platform, sekoia_url, data, start })
  } finally {
    await Promise.all(running.map(({ stop }) => stop()))
    await server.stop(true)
    await falcon.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

export const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline_ms = performance.now() + 20_000
  while (!(await holds())) {
    if (performance.now() > deadline_ms) throw new Error(`${what} did not come about`)
    await Bun.sleep(10)
  }
}

export const json = (path: string): Record<string, unknown> => JSON.parse(readFileSync(path, "utf8"))
