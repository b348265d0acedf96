/** `manifest.json`: the module, and the configuration that all of its parts share. */
import type { JsonSchema } from "../../core/json-schema.ts"
import { module_identity } from "../identity.ts"

/** Keys of the module's configuration that the platform keeps as secrets and hands over by itself. */
export const module_secrets = ["client_secret"] as const

export const manifest = (version: string): JsonSchema => ({
  uuid: module_identity.uuid,
  name: module_identity.name,
  slug: module_identity.slug,
  description:
    "CrowdStrike Falcon is a cloud-native platform for endpoint protection, threat detection and response. This module delivers its event streams, keeps hosts and users in the asset inventory, and carries out response actions.",
  version,
  configuration: {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "CrowdStrike Falcon configuration",
    type: "object",
    properties: {
      client_id: { type: "string", description: "Id of the API client." },
      client_secret: { type: "string", description: "Secret of the API client." },
      base_url: {
        type: "string",
        format: "uri",
        default: "https://api.eu-1.crowdstrike.com",
        description: "Base URL of the cloud that the tenant lives in.",
      },
    },
    required: ["client_id", "client_secret", "base_url"],
    secrets: module_secrets,
  },
  categories: ["Endpoint"],
  supports_validation: true,
})
