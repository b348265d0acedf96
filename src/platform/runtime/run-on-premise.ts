/**
 * One cycle of an inventory as an action: so an on-premise runner, which runs actions only, keeps an asset connector going (SDK,
 * asset_connector/action.py). Checkpoint and log lines belong to the connector's configuration, as if it had run the cycle itself.
 */
import { Cause, Clock, Effect, Exit } from "effect"
import type { CollectError, Collector } from "../../core/assets/collect.ts"
import { needsPerson } from "../../core/assets/run.ts"
import type { Tree } from "../../core/config/read.ts"
import { ConfigError } from "../../core/errors.ts"
import { waitMs } from "../../core/http/client/backoff.ts"
import { monotonicMs } from "../../core/monotonic.ts"
import { layerLogging } from "../../core/telemetry/logging.ts"
import { hideInLogs } from "../../core/telemetry/redact.ts"
import { lockData } from "../../core/tenant/boot.ts"
import { cleanText } from "../../core/text.ts"
import type { OnPremiseResults } from "../asset-arguments.ts"
import type { InventoryIdentity } from "../identity.ts"
import { on_premise as limits, told } from "../limits.ts"
import { inventoryBlock } from "./inventory-block.ts"
import { logOptions } from "./log-options.ts"
import { makeLogShipper } from "./log-shipper.ts"
import { makePlatform } from "./platform.ts"
import { reporting } from "./reporting.ts"
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

type Counted = Omit<OnPremiseResults, "has_more">

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
    yield* lockData(config)
    const {
      services,
      plugins: [enabled],
    } = yield* openTenant(config, runtime.network)
    yield* Effect.logInfo(`a cycle of ${identity.noun} begins, for the asset connector ${uuid}`)
    const opened = plugin.inventory!.open(enabled!.config, { dry_run: false })
    return yield* Effect.flatMap(opened, ({ collector }) => cycles(collector, counted)).pipe(
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

/** One cycle; where it fails for a while it is resumed. Ends when it is done (false), the time is over (true), or a person has to act. */
const cycles = Effect.fnUntraced(function* (
  collector: Collector,
  counted: Counted,
): Effect.fn.Return<boolean, CollectError> {
  const clock = yield* Clock.Clock
  const until_ms = monotonicMs(clock) + limits.run_ms_max
  for (let failures = 1; ; failures++) {
    let sent = 0
    let read = 0
    const onProgress: NonNullable<Parameters<Collector["cycle"]>[0]>["onProgress"] = (tally) =>
      Effect.sync(() => {
        if (tally.sent > sent) counted.pushed_batches++
        counted.fetched += tally.read - read
        sent = tally.sent
        read = tally.read
      })
    const cycle = Effect.timeoutOption(collector.cycle({ onProgress }), Math.max(0, until_ms - monotonicMs(clock)))
    const exit = yield* Effect.exit(cycle)
    if (Exit.isSuccess(exit)) return exit.value._tag === "None"
    const error = Cause.findErrorOption(exit.cause)
    if (error._tag === "None") return yield* Effect.failCause(exit.cause)
    if (error.value._tag === "SekoiaError") counted.failed_batches++
    if (needsPerson(error.value) || failures >= limits.failures_max) return yield* error.value
    const asked_ms = "retry_after_ms" in error.value ? error.value.retry_after_ms : undefined
    const wait_ms = yield* waitMs(failures, asked_ms)
    if (monotonicMs(clock) + wait_ms >= until_ms) return true
    yield* Effect.logWarning(`${error.value.message}; the cycle is resumed in ${Math.round(wait_ms / 1_000)} s`)
    yield* Effect.sleep(wait_ms)
  }
})

const text = (given: Tree, key: string) => {
  const value = given[key]
  return typeof value === "string" && value !== ""
    ? Effect.succeed(value)
    : Effect.fail(new ConfigError({ source: "arguments", key, message: `${key} is missing` }))
}
