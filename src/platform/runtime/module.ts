/** Which command of the module a docker parameter stands for. */
import { Effect, type Layer } from "effect"
import { makeRegistry } from "../../core/actions/registry.ts"
import type { Env } from "../../core/config/read.ts"
import { ConfigError } from "../../core/errors.ts"
import type { Http } from "../../core/http/client/http.ts"
import type { AnyPlugin } from "../../core/plugin.ts"
import { event_stream, inventories, validator_parameter } from "../identity.ts"
import { openBucket } from "./bucket.ts"
import { temporaryFolder } from "./journals.ts"
import { runAction } from "./run-action.ts"
import { runEventStream, runInventoryConnector } from "./run-connector.ts"
import { runOnPremise } from "./run-on-premise.ts"
import { runValidator } from "./run-validator.ts"
import { makeSettings } from "./settings.ts"
import type { Runtime } from "./tenant.ts"

export interface ModuleOptions {
  readonly plugins: readonly AnyPlugin[]
  /** Where the runtime's settings lie: `/symphony`. */
  readonly folder: string
  /** Where the runtime keeps data: `/symphony_data`. */
  readonly data_folder: string
  readonly env: Env
  readonly network: Layer.Layer<Http>
}

/** Runs a command of the module to its end, or until it is stopped. */
export const runModule = Effect.fnUntraced(function* (docker_parameters: string, options: ModuleOptions) {
  const settings = makeSettings(options)
  const { plugins, network } = options
  return yield* Effect.gen(function* () {
    const runtime: Runtime = { settings, plugins, network, ...(yield* dataPath(settings, options.data_folder)) }
    return yield* Effect.flatten(commandOf(runtime, docker_parameters))
  }).pipe(Effect.scoped, Effect.provide(network))
})

const commandOf = Effect.fnUntraced(function* (runtime: Runtime, name: string) {
  if (name === validator_parameter) return runValidator(runtime)
  if (name === event_stream.docker_parameters) return runEventStream(runtime)
  for (const identity of inventories) {
    if (name === identity.on_premise.docker_parameters) return runOnPremise(runtime, identity)
    if (name !== identity.docker_parameters) continue
    // A runner that knows actions only may start the connector itself as one: its arguments tell.
    const as_action = "asset_connector_uuid" in (yield* runtime.settings.object("arguments"))
    return as_action ? runOnPremise(runtime, identity) : runInventoryConnector(runtime, identity)
  }
  const { find, pluginOf } = makeRegistry(runtime.plugins.map((plugin) => ({ plugin })))
  const action = find(name)
  const plugin = runtime.plugins.find(({ id }) => action !== undefined && id === pluginOf(action))
  if (action !== undefined && plugin !== undefined) return runAction(runtime, plugin, action)
  const message = `there is no command ${name}; \`akonis catalog --all\` writes a file for each that there is`
  return yield* new ConfigError({ source: "module", key: "DOCKER_PARAMETERS", message })
})

/** The data path of this run: a folder, or a bucket with an empty folder of the container. */
const dataPath = Effect.fnUntraced(function* (settings: Runtime["settings"], folder: string) {
  const sub_folder = (yield* settings.text("sub_folder")) ?? ""
  if (/^([\\/]|[a-z]:)/i.test(sub_folder) || sub_folder.split(/[\\/]/).includes("..")) {
    const message = "must be a path below the data path, without `..`"
    return yield* new ConfigError({ source: "sub_folder", key: "", message })
  }
  const backend = yield* settings.text("file_backend")
  if (backend?.toUpperCase() !== "S3") return { data_path: sub_folder === "" ? folder : `${folder}/${sub_folder}` }
  const bucket = yield* openBucket(settings)
  return { data_path: yield* temporaryFolder, bucket }
})
