/** The module as the runtime starts it, in process: a simulated Falcon and a stand-in of the platform behind one network. */

import { Effect, type Exit, Layer } from "effect"
import type { SimulatorOptions } from "../../simulator/options.ts"
import type { Simulator } from "../../simulator/simulator.ts"
import { makeRegistry } from "../../src/core/actions/registry.ts"
import { Http } from "../../src/core/http/client/http.ts"
import { layerWire } from "../../src/outside/rig.ts"
import { resultsKey } from "../../src/platform/results.ts"
import { runModule } from "../../src/platform/runtime/module.ts"
import { plugins } from "../../src/plugins/index.ts"
import type { App, Said } from "../actions/app.ts"
import { base_url, withSimulator } from "../actions/support.ts"
import { makeMemoryDisk } from "../support/memory-disk.ts"
import { makeStandIn, platform_url, run_token, type StandIn, type StandInOptions } from "./stand-in.ts"

export interface Module {
  readonly simulator: Simulator
  readonly platform: StandIn
  /** Runs a command to its end; `settings` are what lies below `/symphony`, objects as JSON. */
  readonly run: (
    docker_parameters: string,
    settings?: Readonly<Record<string, unknown>>,
  ) => Effect.Effect<Exit.Exit<void, unknown>>
  /** An action by the module, as a promise; for what the table of actions prepares. */
  readonly act: App["act"]
  readonly write: (path: string, text: string) => void
  readonly read: (path: string) => string | undefined
}

/** What the runtime hands over for a run against this simulator. The secret comes from the platform. */
const settingsFor = ({ settings }: Simulator, url: string) => ({
  module_configuration: { client_id: settings.client_id, client_secret: "*****", base_url: url },
  token: run_token,
  url_callback: `${platform_url}/node-runs/1/callback`,
})

/** On a virtual clock, with a disk in memory. */
export const withModule = <A, E>(
  {
    simulator: options = {},
    platform: asked = {},
  }: { readonly simulator?: SimulatorOptions; readonly platform?: StandInOptions },
  body: (module: Module) => Effect.Effect<A, E>,
): Promise<A> =>
  withSimulator({ partitions: 1, templates: 1, events_per_partition: 1, ...options }, (simulator) => {
    const platform = makeStandIn({ secrets: { client_secret: simulator.settings.client_secret }, ...asked })
    const disk = makeMemoryDisk()
    const network = layerWires(simulator, platform)
    const run: Module["run"] = (docker_parameters, more = {}) => {
      const settings = { ...settingsFor(simulator, base_url), ...more }
      for (const [name, value] of Object.entries(settings))
        disk.write(`symphony/${name}`, typeof value === "string" ? value : JSON.stringify(value))
      const options = {
        plugins,
        folder: "symphony",
        data_folder: "symphony_data",
        // A variable of an operator is none of the platform's.
        env: { AKONIS_LOG_LEVEL: "error", FALCON_CLIENT_ID: "of-an-operator" },
        network,
      }
      return Effect.exit(runModule(docker_parameters, options)).pipe(Effect.provide(disk.layer))
    }
    return Effect.flatMap(Effect.context<never>(), (context) => {
      const act: App["act"] = async (name, args) => {
        await Effect.runPromiseWith(context)(run(name, { arguments: args }))
        const results = platform.end()?.results ?? {}
        const resources = results[resultsKey(findAction(name)!)] ?? []
        return { body: { results: { resources } } } as unknown as Said
      }
      return body({ simulator, platform, run, act, write: disk.write, read: disk.read })
    })
  })

const { find: findAction } = makeRegistry(plugins.map((plugin) => ({ plugin })))

/** One network: the platform under its own name, Falcon under every other. */
const layerWires = (simulator: Simulator, platform: StandIn): Layer.Layer<Http> =>
  Layer.effect(
    Http,
    Effect.gen(function* () {
      const falcon = yield* Http
      return Http.of({
        open: falcon.open,
        send: (request, bytes_max) =>
          request.url.startsWith("http://platform.test/")
            ? Effect.promise(async () => {
                const { method, headers, url, body = null } = request
                const response = await platform.fetch(
                  new Request(url, { method, headers: { ...headers }, body: body as BodyInit }),
                )
                return { status: response.status, headers: response.headers, text: await response.text() }
              })
            : falcon.send(request, bytes_max),
      })
    }),
  ).pipe(Layer.provide(layerWire(simulator)))
