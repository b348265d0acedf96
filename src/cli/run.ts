/** `akonis run`, `akonis serve`, `akonis worker`: one process; a worker alone serves health and metrics only. */
import { Clock, Effect } from "effect"
import { Command } from "effect/cli"
import { boot, lockData, watchData } from "../core/boot.ts"
import type { Config } from "../core/config/load.ts"
import { loadCallers } from "../core/http/bearer.ts"
import { listen } from "../core/http/listen.ts"
import { layerLogging } from "../core/telemetry/logging.ts"
import { openApp, served } from "../server.ts"
import { version } from "../version.ts"
import { markStarted, runWorker } from "../worker.ts"
import { configFlag, configOf, env, explain } from "./common.ts"

export type Mode = "run" | "serve" | "worker"

/** Runs until interrupted; interrupting it drains. `onListening` learns the address. */
export const runAkonis = (mode: Mode, config: Config, onListening: (url: string) => void = () => undefined) =>
  Effect.gen(function* () {
    const started_ms = yield* Clock.currentTimeMillis
    const lock = yield* lockData(config)
    const tenants = yield* boot(config, { version, env, lock: false })
    const { callers, made } = yield* loadCallers(config.source, config.data_dir, config.server)
    const app = yield* openApp({
      tenants,
      callers,
      started_ms,
      serves: mode === "worker" ? "health" : "all",
      ...served(config),
    })
    const at = yield* listen({ hostname: config.server.host, port: config.server.port, fetch: app.fetch })
    const url = `http://${at.hostname.includes(":") ? `[${at.hostname}]` : at.hostname}:${at.port}`
    yield* Effect.logInfo(
      `akonis ${version} listens on ${url}; configuration from ${config.source}, data in ${config.data_dir}`,
    )
    if (made !== undefined) yield* Effect.logInfo(`the token of the HTTP API is in ${made}`)
    onListening(url)
    const work = mode === "serve" ? markStarted(tenants) : runWorker(tenants)
    return yield* Effect.raceFirst(watchData(config, tenants, lock), Effect.andThen(work, Effect.never))
  }).pipe(
    Effect.onInterrupt(() => Effect.logInfo("stopped")),
    Effect.scoped,
    Effect.provide(layerLogging(config.log)),
  )

const entry = (mode: Mode, description: string) =>
  Command.make(mode, { config: configFlag }, ({ config }) =>
    explain(Effect.flatMap(configOf(config), (loaded) => runAkonis(mode, loaded))),
  ).pipe(Command.withDescription(description))

export const run = entry("run", "Stream worker and HTTP API in one process (the default)")
export const serve = entry("serve", "HTTP API only")
export const worker = entry("worker", "Stream worker, with health and metrics on the configured port")
