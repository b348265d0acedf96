/** Sends users to Sekoia's asset inventory, and keeps them current. */
import { Effect } from "effect"
import { checkRead } from "../../core/assets/check.ts"
import { makeInventory } from "../../core/assets/inventory.ts"
import { definePlugin } from "../../core/plugin.ts"
import { config, type UserAssetsConfig } from "./config.ts"
import { consoleSource, query, reads_users } from "./console-source.ts"
import { entities, identitySource, reads_identities } from "./identity-source.ts"

const plugin_id = "user-assets"

const { inventory, run, checkApi } = makeInventory({
  plugin_id,
  name: "users",
  sourceOf: ({ source }: UserAssetsConfig) => (source === "user-management" ? consoleSource : identitySource),
})

const check = (settings: UserAssetsConfig) =>
  Effect.all([
    settings.source === "user-management"
      ? checkRead("users", { ...query, query: { ...query.query, limit: 1 } })
      : checkRead("identities", entities(1, undefined)),
    checkApi(settings),
  ])

export const userAssets = definePlugin({
  id: plugin_id,
  title: "Sends users to Sekoia's asset inventory, and keeps them current.",
  enabled_by_default: false,
  config,
  call_scopes: [...reads_users, ...reads_identities],
  inventory,
  run,
  check,
})
