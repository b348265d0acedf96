/** Sends users to Sekoia's asset inventory, and keeps them current. */
import { makeInventory } from "../../core/assets/inventory.ts"
import type { Check } from "../../core/check/check.ts"
import { inventoryCheck } from "../../core/check/inventory-check.ts"
import { definePlugin } from "../../core/plugin.ts"
import { config, type UserAssetsConfig } from "./config.ts"
import { consoleSource, query, reads_users } from "./console-source.ts"
import { entities, identitySource, reads_identities } from "./identity-source.ts"

const plugin_id = "user-assets"

const call_scopes = [...reads_users, ...reads_identities]

const { inventory, run, checkApi, distinct } = makeInventory({
  plugin_id,
  name: "users",
  sourceOf: ({ source }: UserAssetsConfig) => (source === "user-management" ? consoleSource : identitySource),
})

/** Of the scopes only those of the source that is in use are needed. */
const checks = (settings: UserAssetsConfig): readonly Check[] => [
  settings.source === "user-management"
    ? inventoryCheck("users", { ...query, query: { ...query.query, limit: 1 } }, { scopes: call_scopes })
    : inventoryCheck("identities", entities(1, undefined), { scopes: call_scopes, isAnswer: holdsData }),
  checkApi(settings),
]

const holdsData = ({ text }: { readonly text: string }): boolean => /"data"\s*:\s*\{/.test(text)

export const userAssets = definePlugin({
  id: plugin_id,
  title: "Sends users to Sekoia's asset inventory, and keeps them current.",
  enabled_by_default: false,
  config,
  call_scopes,
  inventory,
  run,
  checks,
  distinct,
})
