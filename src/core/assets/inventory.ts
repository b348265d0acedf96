/** An inventory of a plugin: what `akonis assets` runs one cycle of, and what the worker keeps current. */
import { Effect } from "effect"
import { assetApiCheck } from "../check/asset-check.ts"
import type { Check, Distinct } from "../check/check.ts"
import { makeAssetApi } from "../sekoia/asset-api.ts"
import { makeCollector } from "./collect.ts"
import type { AssetKeys } from "./config.ts"
import { runInventory } from "./run.ts"
import type { AssetSource } from "./source.ts"

export interface InventoryOptions<Settings extends AssetKeys, E, R> {
  readonly plugin_id: string
  /** What `akonis assets` calls it: `devices`. */
  readonly name: string
  readonly sourceOf: (settings: Settings) => Effect.Effect<AssetSource, E, R>
}

const apiOf = ({ sekoia_api_key: key, sekoia_base_url: base_url, connector_uuid }: AssetKeys) => ({
  key,
  base_url,
  connector_uuid,
})

/** The parts of a plugin that keeps an inventory. */
export const makeInventory = <Settings extends AssetKeys, E, R>(options: InventoryOptions<Settings, E, R>) => {
  const { plugin_id, name, sourceOf } = options
  /** What a cycle by hand and the background work share. A dry run sends and stores nothing. */
  const open = Effect.fnUntraced(function* (settings: Settings, { dry_run }: { readonly dry_run: boolean }) {
    const source = yield* sourceOf(settings)
    const api = yield* makeAssetApi(apiOf(settings))
    const { batch_size, connector_uuid } = settings
    return { source, collector: yield* makeCollector({ source, api, batch_size, connector_uuid, dry_run }) }
  })
  const run = Effect.fnUntraced(function* (settings: Settings) {
    const opened = yield* open(settings, { dry_run: false })
    return yield* runInventory({ plugin_id, ...opened, frequency_s: settings.frequency })
  })
  const checkApi = (settings: Settings): Check => assetApiCheck(apiOf(settings))
  const distinct = ({ connector_uuid }: Settings): readonly Distinct[] => [
    { what: "the asset connector in Sekoia", value: connector_uuid },
  ]
  return { inventory: { name, open }, run, checkApi, distinct }
}
