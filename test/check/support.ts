/** `akonis check` and the start of `akonis run`, in this process, over the simulator and what misbehaves in its place. */
import { existsSync } from "node:fs"
import { Effect, Layer, Result } from "effect"
import { live_clock } from "../../simulator/clock.ts"
import { makeEstate } from "../../simulator/estate.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import type { Simulator } from "../../simulator/simulator.ts"
import type { CheckRow } from "../../src/core/check/check.ts"
import { runChecks } from "../../src/core/check/run-checks.ts"
import { loadConfig } from "../../src/core/config/load.ts"
import { TransportError } from "../../src/core/errors.ts"
import { Http } from "../../src/core/http/client/http.ts"
import { listen } from "../../src/core/http/server/listen.ts"
import { plugins } from "../../src/plugins/index.ts"
import { start } from "../../src/start.ts"
import { onRealClock, temporaryFolder } from "../support/effect.ts"

const base_url = "http://falcon.test"

/** Answers in the simulator's place, or changes what it answers. */
export type Between = (request: Request, simulator: (request: Request) => Promise<Response>) => Promise<Response>

export interface Situation {
  /** Beside `partitions: 1`. */
  readonly simulator?: SimulatorOptions
  /** Keys of the configuration, in place of those of a good one. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly stream?: Readonly<Record<string, unknown>>
  readonly between?: Between
  /** Over the runtime's own network instead of the simulator in this process. */
  readonly real_network?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** Done before the check, with the data folder, which is not there yet. */
  readonly before?: (data_dir: string, simulator: Simulator) => void | Promise<void>
  readonly offline?: boolean
}

export interface Checked {
  readonly rows: readonly CheckRow[]
  /** Why `akonis run` refuses to start; `undefined` when it starts and listens. */
  readonly refusal: string | undefined
  readonly simulator: Simulator
  readonly data_dir: string
  readonly folder_made: boolean
}

/** Checks a configuration, then starts with it. */
export const checked = (situation: Situation = {}): Promise<Checked> =>
  onRealClock(
    Effect.gen(function* () {
      const data_dir = `${yield* temporaryFolder}/data`
      const simulator = yield* Effect.acquireRelease(
        Effect.sync(() =>
          makeEstate({ partitions: 1, templates: 2, hosts: 320, base_url, ...situation.simulator }, live_clock),
        ),
        (made) => Effect.sync(made.close),
      )
      yield* Effect.promise(async () => situation.before?.(data_dir, simulator))
      const config = yield* configOf(situation, data_dir, simulator)
      const rows: CheckRow[] = []
      const env = situation.env ?? {}
      yield* runChecks(config, {
        env,
        version: "0.0.0",
        offline: situation.offline ?? false,
        onRow: (row) => Effect.sync(() => void rows.push(row)),
        onWaiting: () => Effect.void,
        ...(situation.real_network !== true && { network: wire(simulator, situation.between) }),
      })
      const folder_made = existsSync(data_dir)
      const { host: hostname, port } = config.server
      const started = yield* Effect.gen(function* () {
        const { app } = yield* start(config, { env, mode: "run" })
        yield* listen({ hostname, port, fetch: app.fetch })
      }).pipe(Effect.scoped, Effect.result)
      const refusal = Result.isFailure(started) ? started.failure.message : undefined
      return { rows, refusal, simulator, data_dir, folder_made }
    }),
  )

/** The configuration of a situation, as a file and an environment would give it. */
const configOf = Effect.fnUntraced(function* (
  { config, stream, env = {} }: Situation,
  data_dir: string,
  simulator: Simulator,
) {
  const { client_id, client_secret, intake_key } = simulator.settings
  const { plugins: more, ...keys } = config ?? {}
  const file = `${data_dir}.yaml`
  const text = {
    client_id,
    client_secret,
    base_url,
    data_dir,
    server: { port: 0 },
    ...keys,
    plugins: { "event-stream": { intake_key, intake_url: base_url, ...stream }, ...(more as object) },
  }
  yield* Effect.promise(() => Bun.write(file, JSON.stringify(text)))
  return yield* loadConfig({ file, env, plugins })
})

const wire = (simulator: Simulator, between: Between = (request, next) => next(request)): Layer.Layer<Http> =>
  Layer.succeed(Http, {
    open: () => Effect.die("a check opens no stream"),
    send: ({ method, url, headers, body = null }) =>
      Effect.tryPromise({
        try: async (signal) => {
          const request = new Request(url, { method, headers: { ...headers }, body: body as BodyInit | null, signal })
          const response = await between(request, (given) => simulator.fetch(given))
          if (!response.headers.has("date")) response.headers.set("date", new Date().toUTCString())
          return { status: response.status, headers: response.headers, text: await response.text() }
        },
        catch: (error) =>
          error instanceof TransportError
            ? error
            : new TransportError({ reason: "reset", host: new URL(url).host, message: String(error) }),
      }),
  })

/** The row of this name. */
export const rowOf = ({ rows }: Checked, name: string): CheckRow => {
  const row = rows.find((one) => one.name === name)
  if (row === undefined) throw new Error(`no row ${name} among ${rows.map((one) => one.name).join(", ")}`)
  return row
}
