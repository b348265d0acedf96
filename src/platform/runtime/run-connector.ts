/** `akonis module <docker parameter of a connector>`: collects until it is stopped. Stopping it drains. */
import { Effect } from "effect"
import type { Tree } from "../../core/config/read.ts"
import type { ConfigError } from "../../core/errors.ts"
import { layerLogging } from "../../core/telemetry/logging.ts"
import { lockData, watchData } from "../../core/tenant/boot.ts"
import { refuseDamagedOffsets } from "../../start.ts"
import { version } from "../../version.ts"
import { runWorker } from "../../worker.ts"
import { event_stream, type InventoryIdentity } from "../identity.ts"
import { stop_wait_ms } from "../limits.ts"
import { inventoryBlock } from "./inventory-block.ts"
import { logOptions } from "./log-options.ts"
import { makeLogShipper } from "./log-shipper.ts"
import { mirror } from "./mirror.ts"
import { serveMonitoring } from "./monitoring.ts"
import type { Secrets } from "./platform.ts"
import { isGiven, moduleConfig, openTenant, ownEnv, type Runtime } from "./tenant.ts"
import { platformOf } from "./urls.ts"

/** The blocks of plugins for a connector, from its own configuration. */
type PluginsOf = (given: Tree) => Effect.Effect<Tree, ConfigError>

/** The event stream; `intake_server` of its configuration stands above the runtime's `intake_url` (SDK, connector/__init__.py). */
export const runEventStream = (runtime: Runtime) =>
  Effect.flatMap(runtime.settings.text("intake_url"), (intake_url) =>
    runConnector(runtime, ({ intake_key, intake_server }) => {
      const url = isGiven(intake_server) ? intake_server : intake_url
      const block = { ...(isGiven(intake_key) && { intake_key }), ...(isGiven(url) && { intake_url: url }) }
      return Effect.succeed({ only: [event_stream.plugin_id], [event_stream.plugin_id]: block })
    }),
  )

/** An inventory, cycle after cycle. */
export const runInventoryConnector = (runtime: Runtime, { plugin_id }: InventoryIdentity) =>
  Effect.flatMap(runtime.settings.required("connector_configuration_uuid"), (uuid) =>
    runConnector(runtime, (given) =>
      Effect.map(inventoryBlock(runtime.settings, given, uuid), (block) => ({
        only: [plugin_id],
        [plugin_id]: { enabled: true, ...block },
      })),
    ),
  )

const runConnector = Effect.fnUntraced(function* (runtime: Runtime, pluginsOf: PluginsOf) {
  const { settings } = runtime
  const options = logOptions(ownEnv(settings.env))
  const platform = yield* platformOf(settings)
  const secrets = yield* platform.secrets.pipe(Effect.provide(layerLogging(options)))
  const shipper = yield* makeLogShipper(platform.log)
  const work = Effect.gen(function* () {
    const config = yield* configOf(runtime, pluginsOf, secrets)
    if (runtime.bucket !== undefined) yield* mirror(runtime.bucket, runtime.data_path)
    const lock = yield* lockData(config, ["work"])
    const tenant = yield* openTenant(config, runtime.network)
    yield* refuseDamagedOffsets([tenant])
    const { liveness, metrics } = yield* serveMonitoring(settings, tenant)
    yield* Effect.logInfo(`akonis ${version} begins; liveness on port ${liveness}, metrics on port ${metrics}`)
    yield* shipper.soon
    return yield* Effect.raceFirst(
      watchData(config, () => [tenant], lock, ["work"]),
      Effect.andThen(runWorker([tenant]), Effect.never),
    )
  }).pipe(Effect.scoped)
  return yield* work.pipe(
    Effect.tapError((error) =>
      error._tag === "ConfigError"
        ? shipper.tell("critical", `Configuration error: ${error.lines.join("; ")}`)
        : Effect.logError(error.message),
    ),
    // The platform stops the container for what is critical; a new start would only tell the same again.
    Effect.tapError((error) => (error._tag === "ConfigError" ? Effect.sleep(stop_wait_ms) : Effect.void)),
    Effect.onInterrupt(() => Effect.logInfo("stopped: what was read is delivered")),
    Effect.provide(layerLogging(options, [shipper.logger])),
  )
})

/** A connector's configuration lies under either name; secrets of its own, where the platform keeps some, stand above it. */
const configOf = Effect.fnUntraced(function* (runtime: Runtime, pluginsOf: PluginsOf, secrets: Secrets) {
  const { settings, data_path } = runtime
  const is_there = (yield* settings.text("connector_configuration")) !== undefined
  const own = yield* settings.object(is_there ? "connector_configuration" : "trigger_configuration")
  const node = Object.fromEntries(Object.entries(secrets.node).filter(([, value]) => isGiven(value)))
  const plugins = yield* pluginsOf({ ...own, ...node })
  return yield* moduleConfig(runtime, { secrets: secrets.module, data_dir: data_path, plugins })
})
