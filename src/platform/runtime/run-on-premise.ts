/**
 * One cycle of an inventory as an action: so an on-premise runner, which runs actions only, keeps an asset connector going (SDK,
 * asset_connector/action.py). Checkpoint and log lines belong to the connector's configuration, as if it had run the cycle itself.
 */
import { Effect } from "effect"
import type { Tree } from "../../core/config/read.ts"
import { ConfigError } from "../../core/errors.ts"
import { layerLogging } from "../../core/telemetry/logging.ts"
import { hideInLogs } from "../../core/telemetry/redact.ts"
import { lockData } from "../../core/tenant/boot.ts"
import { cleanText } from "../../core/text.ts"
import type { OnPremiseResults } from "../asset-arguments.ts"
import type { InventoryIdentity } from "../identity.ts"
import { told } from "../limits.ts"
import { inventoryBlock } from "./inventory-block.ts"
import { logOptions } from "./log-options.ts"
import { makeLogShipper } from "./log-shipper.ts"
import { mirror } from "./mirror.ts"
import { makePlatform } from "./platform.ts"
import { reporting } from "./reporting.ts"
import { type Counted, resumedCycle } from "./resumed-cycle.ts"
import { moduleConfig, openTenant, ownEnv, pluginOf, type Runtime } from "./tenant.ts"

/** Runs a cycle, for at most 100 minutes. `has_more` asks the platform to run it again, from where it came to. */
export const runOnPremise = (runtime: Runtime, identity: InventoryIdentity) => {
  const counted: Counted = { fetched: 0, pushed_batches: 0, failed_batches: 0 }
  const endOf = (has_more: boolean): { readonly results: OnPremiseResults } => ({ results: { ...counted, has_more } })
  const run = (secrets: Tree) =>
    collect(runtime, identity, secrets, counted).pipe(
      Effect.scoped,
      Effect.map(endOf),
      Effect.catch((error) => Effect.succeed({ error: cleanText(error.message, told.error_chars_max) })),
    )
  return reporting(runtime, run, { stopped: () => endOf(true) })
}

/** Gives whether there is more to collect. */
const collect = Effect.fnUntraced(function* (
  runtime: Runtime,
  identity: InventoryIdentity,
  secrets: Tree,
  counted: Counted,
) {
  const given = yield* runtime.settings.object("arguments")
  const uuid = yield* text(given, "asset_connector_uuid")
  const token = yield* text(given, "connector_configuration_token")
  hideInLogs(token)
  const block = yield* inventoryBlock(runtime.settings, given, uuid)
  const url = `${block.sekoia_base_url.replace(/\/+$/, "")}/api/v1/symphony/connector-configurations/${encodeURIComponent(uuid)}/logs`
  const { log } = yield* makePlatform(token, { callback: url, secrets: url, logs: url })
  const shipper = yield* makeLogShipper(log)
  const plugin = yield* pluginOf(runtime, identity.plugin_id)
  const plugins = { only: [plugin.id], [plugin.id]: { enabled: true, ...block } }
  return yield* Effect.gen(function* () {
    const config = yield* moduleConfig(runtime, { secrets, data_dir: runtime.data_path, plugins })
    if (runtime.bucket !== undefined) yield* mirror(runtime.bucket, runtime.data_path)
    yield* lockData(config, ["work"])
    const {
      services,
      plugins: [enabled],
    } = yield* openTenant(config, runtime.network)
    yield* Effect.logInfo(`a cycle of ${identity.noun} begins, for the asset connector ${uuid}`)
    const opened = plugin.inventory!.open(enabled!.config, { dry_run: false })
    return yield* Effect.flatMap(opened, ({ collector }) => resumedCycle(collector, counted)).pipe(
      Effect.tap((has_more) =>
        Effect.logInfo(
          `${counted.fetched} ${identity.noun} read, ${counted.pushed_batches} batches sent${has_more ? "; there is more" : ""}`,
        ),
      ),
      Effect.tapError(({ message }) => Effect.logError(message)),
      Effect.provide(services),
    )
  }).pipe(Effect.provide(layerLogging(logOptions(ownEnv(runtime.settings.env)), [shipper.logger])))
})

const text = (given: Tree, key: string) => {
  const value = given[key]
  return typeof value === "string" && value !== ""
    ? Effect.succeed(value)
    : Effect.fail(new ConfigError({ source: "arguments", key, message: `${key} is missing` }))
}
