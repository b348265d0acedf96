/** `akonis run`, `akonis serve`, `akonis worker`: one process; a worker alone serves health and metrics only. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import type { Config } from "../core/config/load.ts"
import { uses } from "../core/config/plugins.ts"
import { ConfigError } from "../core/errors.ts"
import { type Listening, listen } from "../core/http/server/listen.ts"
import { layerTelemetry, type Mode, start } from "../start.ts"
import { version } from "../version.ts"
import { markStarted, runWorker } from "../worker.ts"
import { configFlag, configOf, env, explain } from "./common.ts"

/** What each uses of the configuration: a server needs no intake key. */
const used_by = { run: uses.everything, serve: uses.actions, worker: uses.work } as const

/** Runs until interrupted; interrupting it drains. `onListening` learns the address. */
export const runAkonis = (mode: Mode, config: Config, onListening: (url: string) => void = () => undefined) =>
  Effect.gen(function* () {
    yield* refuseIdle(mode, config)
    const { tenants, app, made_token, watch } = yield* start(config, { env, mode })
    const at = yield* listen({ hostname: config.server.host, port: config.server.port, fetch: app.fetch })
    yield* logListening(config, at)
    if (made_token !== undefined) yield* Effect.logInfo(`the token of the HTTP API is in ${made_token}`)
    onListening(urlOf(at))
    const work = mode === "serve" ? markStarted(tenants) : runWorker(tenants)
    return yield* Effect.raceFirst(watch, Effect.andThen(work, Effect.never))
  }).pipe(
    Effect.onInterrupt(() => Effect.logInfo("stopped")),
    Effect.scoped,
    Effect.provide(layerTelemetry(config, env)),
  )

/** Says where requests are answered, and what is on. */
export const logListening = (config: Config, at: Listening) =>
  Effect.gen(function* () {
    const { source, data_dir } = config
    yield* Effect.logInfo(
      `akonis ${version} listens on ${urlOf(at)}; configuration from ${source}, data in ${data_dir}`,
    )
    for (const line of whatIsOn(config)) yield* Effect.logInfo(line)
  })

const urlOf = ({ hostname, port }: Listening): string =>
  `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`

/** A line for each tenant: what is on, what is on and another process's work, what is off. */
const whatIsOn = ({ tenants }: Config): string[] =>
  tenants.map(({ id, plugins, unused, off }) => {
    const lists = [
      ["on", plugins.map(({ plugin }) => plugin.id)],
      ["on, but nothing for this command to do", unused],
      ["off", off],
    ] as const
    const parts = lists.flatMap(([what, ids]) => (ids.length === 0 ? [] : [`${what}: ${ids.join(", ")}`]))
    return [...(tenants.length > 1 ? [`tenant ${id}`] : []), ...parts].join("; ")
  })

/** A process that has nothing to do would look healthy for ever. */
export const refuseIdle = (mode: Mode, { source, tenants }: Config): Effect.Effect<void, ConfigError> => {
  if (tenants.some(({ plugins }) => plugins.length > 0)) return Effect.void
  const on = [...new Set(tenants.flatMap(({ unused }) => unused))].join(", ")
  const what = mode === "serve" ? "has an action" : "works in the background"
  const message = `akonis ${mode} has nothing to do: of what is on (${on}), no plugin ${what}`
  return Effect.fail(new ConfigError({ source, key: "plugins", message }))
}

const entry = (mode: Mode, description: string) =>
  Command.make(mode, { config: configFlag }, ({ config }) =>
    explain(Effect.flatMap(configOf(config, used_by[mode]), (loaded) => runAkonis(mode, loaded))),
  ).pipe(Command.withDescription(description))

export const run = entry("run", "Stream worker and HTTP API in one process (the default)")
export const serve = entry("serve", "HTTP API only")
export const worker = entry("worker", "Stream worker, with health and metrics on the configured port")
