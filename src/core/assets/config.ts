/** The configuration keys that both inventories have. */
import { z } from "zod"
import { baseUrl, fromEnv, secret } from "../config/schema-parts.ts"
import { assets } from "./limits.ts"

/** What the keys hold, once checked. */
export type AssetKeys = z.infer<z.ZodObject<ReturnType<typeof assetKeys>>>

/** `uuid_env`: the variable of the connector's UUID, which differs between the two. */
export const assetKeys = (uuid_env: string) => ({
  sekoia_api_key: secret("SEKOIA_API_KEY", "Key of the Sekoia API that takes the assets."),
  sekoia_base_url: fromEnv(
    baseUrl.default("https://api.sekoia.io"),
    "SEKOIA_BASE_URL",
    "Assets go to {sekoia_base_url}/api/v2/asset-management/asset-connector/{connector_uuid}.",
  ),
  connector_uuid: fromEnv(
    z.guid("must be a UUID such as 00000000-0000-4000-8000-000000000000"),
    uuid_env,
    "UUID of the asset connector configuration in Sekoia.",
  ),
  frequency: z.int().min(1).max(604_800).default(60).describe("Seconds from the beginning of one cycle to the next."),
  batch_size: z.int().min(1).max(assets.batch_items_max).default(100).describe("Assets in one request to Sekoia."),
})
