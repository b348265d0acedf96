/** Sends users to Sekoia's asset inventory, and keeps them current. */
import { Effect } from "effect"
import { checkAssetApi, checkRead } from "../../core/assets/check.ts"
import { makeCollector } from "../../core/assets/collect.ts"
import { openWhenReadable } from "../../core/assets/open-when-readable.ts"
import { runInventory } from "../../core/assets/run.ts"
import { definePlugin } from "../../core/plugin.ts"
import { makeAssetApi } from "../../core/sekoia/asset-api.ts"
import { config, type UserAssetsConfig } from "./config.ts"
import { consoleSource, query, reads_users } from "./console-source.ts"
import { entities, identitySource, reads_identities } from "./identity-source.ts"

const plugin_id = "user-assets"

const apiOf = ({ sekoia_api_key: key, sekoia_base_url: base_url, connector_uuid }: UserAssetsConfig) => ({
  key,
  base_url,
  connector_uuid,
})

/** What a cycle by hand and the background work share. */
export const open = Effect.fnUntraced(function* (settings: UserAssetsConfig, options: { readonly dry_run: boolean }) {
  const source = yield* settings.source === "user-management" ? consoleSource : identitySource
  const api = yield* makeAssetApi(apiOf(settings))
  const { batch_size, connector_uuid } = settings
  const collector = yield* makeCollector({ source, api, batch_size, connector_uuid, ...options })
  return { source, collector }
})

const run = Effect.fnUntraced(function* (settings: UserAssetsConfig) {
  const opened = yield* openWhenReadable(plugin_id, open(settings, { dry_run: false }))
  return yield* runInventory({ plugin_id, ...opened, frequency_s: settings.frequency })
})

const check = (settings: UserAssetsConfig) =>
  Effect.all([
    settings.source === "user-management"
      ? checkRead("users", { ...query, query: { ...query.query, limit: 1 } })
      : checkRead("identities", entities(1, undefined)),
    checkAssetApi(apiOf(settings)),
  ])

export const userAssets = definePlugin({
  id: plugin_id,
  title: "Sends users to Sekoia's asset inventory, and keeps them current.",
  enabled_by_default: false,
  config,
  scopes: [...reads_users, ...reads_identities],
  run,
  check,
})
