/** The configuration block of an inventory's plugin, from what the platform gives an asset connector. */
import { Effect } from "effect"
import type { Tree } from "../../core/config/read.ts"
import type { Settings } from "./settings.ts"
import { isGiven } from "./tenant.ts"

export interface InventoryBlock extends Tree {
  readonly sekoia_base_url: string
}

/**
 * The keys that both sides know, under the same names. Three variables of the runtime stand above the configuration (SDK,
 * asset_connector/connector.py): `ASSET_CONNECTOR_BATCH_SIZE`, `ASSET_CONNECTOR_FREQUENCY`, and, below it, the platform's own
 * `ASSET_CONNECTOR_PRODUCTION_BASE_URL`.
 */
export const inventoryBlock = ({ env }: Settings, given: Tree, connector_uuid: string) =>
  Effect.sync((): InventoryBlock => {
    const { sekoia_base_url, sekoia_api_key, frequency, batch_size } = given
    const base_url = isGiven(sekoia_base_url) ? String(sekoia_base_url) : env.ASSET_CONNECTOR_PRODUCTION_BASE_URL
    const block = {
      sekoia_api_key,
      connector_uuid,
      frequency: numberOf(env.ASSET_CONNECTOR_FREQUENCY) ?? frequency,
      batch_size: numberOf(env.ASSET_CONNECTOR_BATCH_SIZE) ?? batch_size,
    }
    const known = Object.entries(block).filter(([, value]) => isGiven(value))
    return { ...Object.fromEntries(known), sekoia_base_url: base_url || "https://api.sekoia.io" }
  })

/** A number, or the text as it is for the configuration to refuse; `undefined` for nothing. */
const numberOf = (text: string | undefined): number | string | undefined =>
  text === undefined || text === "" ? undefined : /^\d+$/.test(text) ? Number(text) : text
