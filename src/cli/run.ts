/** `akonis run`, `akonis serve`, `akonis worker`: one process; a worker alone serves health and metrics only. */
import { Effect, type Option, Queue } from "effect"
import { Command } from "effect/cli"
import type { Config } from "../core/config/load.ts"
import { uses } from "../core/config/plugins.ts"
import { ConfigError } from "../core/errors.ts"
import { type Listening, listen } from "../core/http/server/listen.ts"
import { RepeatsAs } from "../core/telemetry/repeats.ts"
import { single_tenant } from "../core/tenant/identity.ts"
import { by_signal, type ReadAnew } from "../reload.ts"
import { layerTelemetry, type Mode, start } from "../start.ts"
import { version } from "../version.ts"
import { configFlag, configOf, env, explain, Plugins } from "./common.ts"

/** What each uses of the configuration: a server needs no intake key. */
const used_by = { run: uses.everything, serve: uses.actions, worker: uses.work } as const

interface RunOptions {
  /** Learns the address. */
  readonly onListening?: (url: string) => void
  readonly readAnew?: ReadAnew
  /** Completes whenever the configuration is to be read anew, beside the HTTP API. */
  readonly hangup?: Effect.Effect<void>
}

/** Runs until interrupted; interrupting it drains. */
export const runAkonis = (mode: Mode, config: Config, { onListening, readAnew, hangup }: RunOptions = {}) =>
  Effect.gen(function* () {
    yield* refuseIdle(mode, config)
    const checked = readAnew && Effect.tap(readAnew, (next) => refuseIdle(mode, next))
    const started = yield* start(config, { env, mode, ...(checked !== undefined && { readAnew: checked }) })
    const { app, made_token, watch, work, reload } = started
    const at = yield* listen({ hostname: config.server.host, port: config.server.port, fetch: app.fetch })
    yield* logListening(started.config, at)
    if (made_token !== undefined) yield* Effect.logInfo(`the token of the HTTP API is in ${made_token}`)
    onListening?.(urlOf(at))
    if (reload !== undefined && hangup !== undefined) {
      const asked = Effect.suspend(() => reload.ask({ ...by_signal, request_id: crypto.randomUUID() }))
      // What came of it has been logged.
      yield* Effect.forkScoped(Effect.forever(Effect.andThen(hangup, Effect.ignore(asked))))
    }
    return yield* Effect.raceFirst(watch, work)
  }).pipe(
    Effect.onInterrupt(() => Effect.provideService(Effect.logInfo("stopped"), RepeatsAs, "end")),
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
    return [...(id === single_tenant ? [] : [`tenant ${id}`]), ...parts].join("; ")
  })

/** A process that has nothing to do would look healthy for ever. */
export const refuseIdle = (
  mode: Mode,
  { source, tenants, flight_control }: Config,
): Effect.Effect<void, ConfigError> => {
  // The first children may be listed later.
  if (tenants.length === 0 && flight_control !== undefined) return Effect.void
  if (tenants.some(({ plugins }) => plugins.length > 0)) return Effect.void
  const on = [...new Set(tenants.flatMap(({ unused }) => unused))].join(", ")
  const what = mode === "serve" ? "has an action" : "works in the background"
  const message = `akonis ${mode} has nothing to do: of what is on (${on}), no plugin ${what}`
  return Effect.fail(new ConfigError({ source, key: "plugins", message }))
}

/** Reads the configuration and runs. SIGHUP never ends it: the configuration is read anew, once it runs. */
export const runFromFile = (mode: Mode, file: Option.Option<string>) =>
  Effect.gen(function* () {
    const hangups = yield* listenForHangups
    const read = Effect.provideService(configOf(file, used_by[mode]), Plugins, yield* Plugins)
    return yield* runAkonis(mode, yield* read, { readAnew: read, hangup: Queue.take(hangups) })
  }).pipe(Effect.scoped, explain)

/** SIGHUP, as long as the scope lives: however many come while nobody takes one, they are one. */
const listenForHangups = Effect.gen(function* () {
  const hangups = yield* Queue.sliding<void>(1)
  const tell = () => void Queue.offerUnsafe(hangups, undefined)
  yield* Effect.acquireRelease(
    Effect.sync(() => process.on("SIGHUP", tell)),
    () => Effect.sync(() => process.off("SIGHUP", tell)),
  )
  return hangups
})

const entry = (mode: Mode, description: string) =>
  Command.make(mode, { config: configFlag }, ({ config }) => runFromFile(mode, config)).pipe(
    Command.withDescription(description),
  )

export const run = entry("run", "Stream worker and HTTP API in one process (the default)")
export const serve = entry("serve", "HTTP API only")
export const worker = entry("worker", "Stream worker, with health and metrics on the configured port")
