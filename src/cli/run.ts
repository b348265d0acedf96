/** `akonis run`, `akonis serve`, `akonis worker`: one process; a worker alone serves health and metrics only. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import type { Config } from "../core/config/load.ts"
import { type Listening, listen } from "../core/http/server/listen.ts"
import { layerLogging } from "../core/telemetry/logging.ts"
import { start } from "../start.ts"
import { version } from "../version.ts"
import { markStarted, runWorker } from "../worker.ts"
import { configFlag, configOf, env, explain } from "./common.ts"

export type Mode = "run" | "serve" | "worker"

/** Runs until interrupted; interrupting it drains. `onListening` learns the address. */
export const runAkonis = (mode: Mode, config: Config, onListening: (url: string) => void = () => undefined) =>
  Effect.gen(function* () {
    const serves = mode === "worker" ? "health" : "all"
    const { tenants, app, made_token, watch } = yield* start(config, { env, serves })
    const at = yield* listen({ hostname: config.server.host, port: config.server.port, fetch: app.fetch })
    yield* logListening(config, at)
    if (made_token !== undefined) yield* Effect.logInfo(`the token of the HTTP API is in ${made_token}`)
    onListening(urlOf(at))
    const work = mode === "serve" ? markStarted(tenants) : runWorker(tenants)
    return yield* Effect.raceFirst(watch, Effect.andThen(work, Effect.never))
  }).pipe(
    Effect.onInterrupt(() => Effect.logInfo("stopped")),
    Effect.scoped,
    Effect.provide(layerLogging(config.log)),
  )

/** Says where requests are answered. */
export const logListening = ({ source, data_dir }: Config, at: Listening) =>
  Effect.logInfo(`akonis ${version} listens on ${urlOf(at)}; configuration from ${source}, data in ${data_dir}`)

const urlOf = ({ hostname, port }: Listening): string =>
  `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`

const entry = (mode: Mode, description: string) =>
  Command.make(mode, { config: configFlag }, ({ config }) =>
    explain(Effect.flatMap(configOf(config), (loaded) => runAkonis(mode, loaded))),
  ).pipe(Command.withDescription(description))

export const run = entry("run", "Stream worker and HTTP API in one process (the default)")
export const serve = entry("serve", "HTTP API only")
export const worker = entry("worker", "Stream worker, with health and metrics on the configured port")
