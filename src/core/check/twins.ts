/** Two tenants that are the same by mistake: one set of credentials, one intake, one connector. */
import { createHash } from "node:crypto"
import { Effect, type FileSystem, Option, Redacted } from "effect"
import type { Config, TenantConfig } from "../config/load.ts"
import { isSecret } from "../config/secret.ts"
import { type Finding, warning } from "./check.ts"

/** One thing that several tenants have in common. */
export interface Twins {
  readonly plugin: string
  readonly finding: Finding
}

/**
 * Compares all tenants. Values are compared by their digests; a secret that cannot be read is left out here, since another row
 * tells of it.
 */
export const findTwins = Effect.fnUntraced(function* ({
  tenants,
}: Config): Effect.fn.Return<readonly Twins[], never, FileSystem.FileSystem> {
  const seen = new Map<string, { readonly plugin: string; readonly what: string; readonly tenants: string[] }>()
  for (const tenant of tenants) {
    for (const { plugin, what, value } of distinctOf(tenant)) {
      const text = isSecret(value) ? Option.map(yield* Effect.option(value.value), Redacted.value) : Option.some(value)
      if (Option.isNone(text)) continue
      const key = createHash("sha256")
        .update(JSON.stringify([plugin, what, text.value]))
        .digest("hex")
      const known = seen.get(key)
      if (known === undefined) seen.set(key, { plugin, what, tenants: [tenant.id] })
      else known.tenants.push(tenant.id)
    }
  }
  return [...seen.values()]
    .filter((one) => one.tenants.length > 1)
    .map(({ plugin, what, tenants: ids }) => ({
      plugin,
      finding: warning(
        `${ids.join(" and ")} have ${what} in common`,
        "give each tenant its own, unless this is meant: otherwise everything arrives twice, or in one place",
      ),
    }))
})

const distinctOf = ({ credentials, plugins }: TenantConfig) => [
  {
    plugin: "",
    what: "the Falcon credentials and member_cid",
    value: `${credentials.client_id} ${credentials.member_cid ?? ""}`.toLowerCase(),
  },
  ...plugins.flatMap(({ plugin, config }) =>
    (plugin.distinct?.(config) ?? []).map((one) => ({ plugin: plugin.id, ...one })),
  ),
]
