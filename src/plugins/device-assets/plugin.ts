/** Sends the hosts of a Falcon tenant to Sekoia's asset inventory, and keeps them current. */
import { makeInventory } from "../../core/assets/inventory.ts"
import type { Check } from "../../core/check/check.ts"
import { inventoryCheck } from "../../core/check/inventory-check.ts"
import { definePlugin } from "../../core/plugin.ts"
import { config, type DeviceAssetsConfig } from "./config.ts"
import { combined_groups, reads_groups } from "./groups.ts"
import { combined, deviceSource, reads_hosts } from "./source.ts"

const plugin_id = "device-assets"

const { inventory, run, checkApi, distinct } = makeInventory({
  plugin_id,
  name: "devices",
  sourceOf: (_: DeviceAssetsConfig) => deviceSource,
})

const checks = (settings: DeviceAssetsConfig): readonly Check[] => [
  inventoryCheck("hosts", { ...combined, query: { ...combined.query, limit: 1 } }),
  inventoryCheck(
    "host groups",
    { ...combined_groups, query: { ...combined_groups.query, limit: 1 } },
    { optional: true },
  ),
  checkApi(settings),
]

export const deviceAssets = definePlugin({
  id: plugin_id,
  title: "Sends hosts to Sekoia's asset inventory, and keeps them current.",
  enabled_by_default: false,
  config,
  call_scopes: [...reads_hosts, ...reads_groups],
  inventory,
  run,
  checks,
  distinct,
})
