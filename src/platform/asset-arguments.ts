/** The arguments of the asset connectors, and of the actions that stand in for them on an on-premise runner. */
import { z } from "zod"

/** What every asset connector is given (SDK, asset_connector/models/connector.py). The platform fills them in by itself. */
const collecting = {
  sekoia_base_url: z
    .string()
    .exactOptional()
    .describe("Base URL of the Sekoia API; https://api.sekoia.io when left out."),
  sekoia_api_key: z.string().describe("Key of the Sekoia API that takes the assets."),
  batch_size: z.int().min(1).exactOptional().describe("Assets in one request to Sekoia."),
}

export const connector_arguments = z.object({
  ...collecting,
  frequency: z.int().min(1).exactOptional().describe("Seconds from the beginning of one cycle to the next."),
})

export const on_premise_arguments = z.object({
  asset_connector_uuid: z.string().describe("The asset connector configuration that the assets are for."),
  connector_configuration_token: z.string().describe("The token that log lines of that configuration are sent with."),
  ...collecting,
})

const count = z.int().nonnegative()

export const on_premise_results = z.object({
  fetched: count.describe("Assets that were read from CrowdStrike."),
  pushed_batches: count.describe("Batches that Sekoia has taken."),
  failed_batches: count.describe("Batches that Sekoia has not taken; the next run sends them again."),
  has_more: z.boolean().describe("The cycle stopped before its end and has to be run again."),
})

export type OnPremiseResults = z.output<typeof on_premise_results>
