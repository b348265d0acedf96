/** Sends the hosts of a Falcon tenant to Sekoia's asset inventory, and keeps them current. */
import { Effect } from "effect"
import { checkAssetApi, checkRead } from "../../core/assets/check.ts"
import { makeCollector } from "../../core/assets/collect.ts"
import { openWhenReadable } from "../../core/assets/open-when-readable.ts"
import { runInventory } from "../../core/assets/run.ts"
import { definePlugin } from "../../core/plugin.ts"
import { makeAssetApi } from "../../core/sekoia/asset-api.ts"
import { config, type DeviceAssetsConfig } from "./config.ts"
import { combined_groups, reads_groups } from "./groups.ts"
import { combined, deviceSource, reads_hosts } from "./source.ts"

const plugin_id = "device-assets"

const apiOf = ({ sekoia_api_key: key, sekoia_base_url: base_url, connector_uuid }: DeviceAssetsConfig) => ({
  key,
  base_url,
  connector_uuid,
})

/** What a cycle by hand and the background work share. */
export const open = Effect.fnUntraced(function* (settings: DeviceAssetsConfig, options: { readonly dry_run: boolean }) {
  const source = yield* deviceSource
  const api = yield* makeAssetApi(apiOf(settings))
  const { batch_size, connector_uuid } = settings
  const collector = yield* makeCollector({ source, api, batch_size, connector_uuid, ...options })
  return { source, collector }
})

const run = Effect.fnUntraced(function* (settings: DeviceAssetsConfig) {
  const opened = yield* openWhenReadable(plugin_id, open(settings, { dry_run: false }))
  return yield* runInventory({ plugin_id, ...opened, frequency_s: settings.frequency })
})

const check = (settings: DeviceAssetsConfig) =>
  Effect.all([
    checkRead("hosts", { ...combined, query: { ...combined.query, limit: 1 } }),
    checkRead("host groups", { ...combined_groups, query: { ...combined_groups.query, limit: 1 } }, "warning"),
    checkAssetApi(apiOf(settings)),
  ])

export const deviceAssets = definePlugin({
  id: plugin_id,
  title: "Sends hosts to Sekoia's asset inventory, and keeps them current.",
  enabled_by_default: false,
  config,
  scopes: [...reads_hosts, ...reads_groups],
  run,
  check,
})
