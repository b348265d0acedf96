/**
 * From the configuration in force to another one: what of each tenant has to be started, stopped and restarted, and what goes on as it
 * is. What is the same in both goes on: its session, its feed and its batches.
 */
import { createHash } from "node:crypto"
import { isDeepStrictEqual } from "node:util"
import { Effect, type FileSystem, Redacted } from "effect"
import { z } from "zod"
import type { ConfigError } from "../errors.ts"
import type { EnabledPlugin } from "../plugin.ts"
import type { Config, TenantConfig } from "./load.ts"
import { bare, isTree } from "./read.ts"
import type { ReloadAnswer } from "./reload-answer.ts"
import { general } from "./schema.ts"
import { isSecret, type Secret, secretsIn } from "./secret.ts"

/** Keys outside of tenants that a reload puts into force. The others are read once, when the process starts. */
const free_keys = [
  "server.tokens",
  "server.allowed_hosts",
  "server.health_tenants",
  "server.read_only",
  "server.python_metrics",
  "guards",
]

/** Every key outside of tenants, those of a block one by one unless a reload takes the block whole. */
const all_keys = Object.entries(general).flatMap(([key, schema]) => {
  const inner = bare(schema)
  // A block that need not be there is one thing.
  if (free_keys.includes(key) || schema instanceof z.ZodOptional || !(inner instanceof z.ZodObject)) return [key]
  return Object.keys(inner.shape as object).map((one) => `${key}.${one}`)
})

const fixed_keys = all_keys.filter((key) => !free_keys.includes(key))

/**
 * The other configuration as far as it can be in force without a restart, and what of it cannot. `replaced`: secrets outside of tenants that
 * are held until the process ends, each with the one that takes its place.
 */
export const withoutFixed = (
  now: Config,
  next: Config,
): {
  readonly config: Config
  readonly needs_restart: readonly string[]
  readonly replaced: readonly (readonly [Secret, Secret])[]
} => {
  const needs_restart = fixed_keys.filter((key) => !isAlike(valueAt(now, key), valueAt(next, key)))
  const tenants = next.tenants.map((tenant) => placed(tenant, next, now))
  const config = fixed_keys.reduce<Config>((made, key) => withValue(made, key.split("."), valueAt(now, key)), next)
  const alike = fixed_keys.filter((key) => !needs_restart.includes(key))
  const replaced = alike.flatMap((key) => pairsOf(valueAt(now, key), valueAt(next, key)))
  return { config: { ...config, tenants }, needs_restart, replaced }
}

/** A copy with another value at a path; `undefined` takes the key away. */
const withValue = <T extends object>(block: T, [key, ...rest]: readonly string[], value: unknown): T => {
  const { [key as keyof T]: inner, ...others } = block
  const changed = rest.length === 0 ? value : withValue(inner as object, rest, value)
  return { ...others, ...(changed !== undefined && { [key!]: changed }) } as T
}

/** A tenant of a configuration with the folders of another one. */
const placed = ({ stix_dir: _, ...tenant }: TenantConfig, of: Config, other: Config): TenantConfig => {
  const is_single = tenant.data_dir === of.data_dir
  const inside = (folder: string) => (is_single ? folder : `${folder}/${tenant.id}`)
  const { data_dir, stix_dir } = other
  return { ...tenant, data_dir: inside(data_dir), ...(stix_dir !== undefined && { stix_dir: inside(stix_dir) }) }
}

const valueAt = (config: Config, key: string): unknown =>
  key.split(".").reduce<unknown>((value, step) => (isTree(value) ? value[step] : undefined), config)

/** What becomes of a plugin. */
type Fate = "started" | "stopped" | "restarted" | "kept"

/** A plugin of a tenant, as it is on from now on, or was until now. */
interface PlannedPlugin {
  readonly fate: Fate
  readonly enabled: EnabledPlugin
}

export interface PlannedTenant {
  readonly fate: "added" | "removed" | "stays"
  /** As it is from now on, or was until now. Plugins that are kept have the configuration that they were started with. */
  readonly tenant: TenantConfig
  readonly plugins: readonly PlannedPlugin[]
  /** It speaks to another API client, child or cloud. */
  readonly has_other_client: boolean
  /** Secrets that are held by what goes on, each with the one that takes its place. */
  readonly replaced: readonly (readonly [Secret, Secret])[]
}

/** The plan for every tenant: first those that stay or are added, in the order of the new configuration. */
export const planReload = (now: Config, next: Config): readonly PlannedTenant[] => {
  const before = (tenant: TenantConfig) =>
    now.tenants.find(({ id, data_dir }) => id === tenant.id && data_dir === tenant.data_dir)
  const planned = next.tenants.map((tenant) => planTenant(before(tenant), tenant))
  const stay = new Set(next.tenants.map(before))
  const removed = now.tenants.filter((tenant) => !stay.has(tenant)).map((tenant) => whole("removed", "stopped", tenant))
  return [...planned, ...removed]
}

/** A tenant of which everything has one fate. */
const whole = (fate: PlannedTenant["fate"], of_plugins: Fate, tenant: TenantConfig): PlannedTenant => ({
  fate,
  tenant,
  plugins: tenant.plugins.map((enabled) => ({ fate: of_plugins, enabled })),
  has_other_client: false,
  replaced: [],
})

const planTenant = (now: TenantConfig | undefined, next: TenantConfig): PlannedTenant => {
  if (now === undefined) return whole("added", "started", next)
  const is_same_client = isAlike(now.credentials, next.credentials)
  const wasOf = ({ plugin }: EnabledPlugin) => now.plugins.find((one) => one.plugin.id === plugin.id)
  const plugins = next.plugins.map((enabled): PlannedPlugin => {
    const was = wasOf(enabled)
    if (was === undefined) return { fate: "started", enabled }
    const is_same = is_same_client && isAlike(inputOf(was, now), inputOf(enabled, next))
    return is_same ? { fate: "kept", enabled: was } : { fate: "restarted", enabled }
  })
  const on = new Set(next.plugins.map(({ plugin }) => plugin.id))
  const stopped = now.plugins.filter(({ plugin }) => !on.has(plugin.id))
  const pairs = next.plugins.flatMap((enabled, i) =>
    plugins[i]!.fate === "kept" ? pairsOf(wasOf(enabled)!.config, enabled.config) : [],
  )
  return {
    fate: "stays",
    tenant: {
      ...next,
      // The Falcon client holds this one.
      credentials: { ...next.credentials, client_secret: now.credentials.client_secret },
      plugins: plugins.map(({ enabled }) => enabled),
    },
    has_other_client: !is_same_client,
    plugins: [...plugins, ...stopped.map((enabled): PlannedPlugin => ({ fate: "stopped", enabled }))],
    replaced: [...pairs, [now.credentials.client_secret, next.credentials.client_secret]],
  }
}

/** All that decides what a plugin does: its settings, and for one that delivers, those of the plugins that add to its events. */
const inputOf = ({ plugin, config }: EnabledPlugin, { plugins }: TenantConfig): unknown => [
  config,
  plugin.destination === undefined
    ? []
    : plugins.filter((one) => one.plugin.enricher !== undefined).map((one) => [one.plugin.id, one.config]),
]

/** Whether two blocks say the same, the values of secrets aside. */
const isAlike = (one: unknown, other: unknown): boolean => {
  if (isSecret(one) || isSecret(other)) return isSecret(one) && isSecret(other)
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((value, i) => isAlike(value, other[i]))
  if (!isPlain(one) || !isPlain(other)) return isDeepStrictEqual(one, other)
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...keys].every((key) => isAlike(one[key], other[key]))
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isTree(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value))

/** The secrets at the same places of two blocks that are alike. */
const pairsOf = (one: unknown, other: unknown): readonly (readonly [Secret, Secret])[] => {
  const others = new Map(secretsIn(other))
  return secretsIn(one).flatMap(([key, secret]) => {
    const theirs = others.get(key)
    return theirs === undefined ? [] : [[secret, theirs] as const]
  })
}

/** The secrets of a configuration: digests of their values by the names that a `ReloadAnswer` has, or why one cannot be read. */
export type SecretDigests = ReadonlyMap<string, string | ConfigError>

/** The name of the secret of a Flight Control parent. No tenant can have this id. */
export const parent_secret = "flight_control: client_secret"

/** Reads every secret of a configuration; of those that are to be replaced, what takes their place. */
export const digestSecrets = (
  config: Config,
  replaced: readonly (readonly [Secret, Secret])[] = [],
): Effect.Effect<SecretDigests, never, FileSystem.FileSystem> => {
  const replacing = new Map(replaced)
  const all = [
    ...config.server.tokens.map(({ name, token }) => [`server.tokens: ${name}`, token] as const),
    ...(config.traces.headers === undefined ? [] : [["traces: headers", config.traces.headers] as const]),
    ...(config.cluster === undefined ? [] : [["cluster: database_url", config.cluster.database_url] as const]),
    ...(config.flight_control === undefined
      ? []
      : [[parent_secret, config.flight_control.credentials.client_secret] as const]),
    ...config.tenants.flatMap(({ id, credentials, plugins }) => [
      ...namedSecrets(id, credentials),
      ...plugins.flatMap(({ plugin, config: block }) => namedSecrets(`${id}/${plugin.id}`, block)),
    ]),
  ]
  const digest = (secret: Secret) =>
    (replacing.get(secret) ?? secret).value.pipe(
      Effect.map((value): string | ConfigError => createHash("sha256").update(Redacted.value(value)).digest("hex")),
      Effect.catch((error) => Effect.succeed(error)),
    )
  return Effect.map(
    Effect.forEach(all, ([name, secret]) => Effect.map(digest(secret), (value) => [name, value] as const)),
    (entries) => new Map(entries),
  )
}

/**
 * Why other secrets may not take the place of these: one cannot be read that could be read, or that is new. A token of our own API may
 * be missing: its file may come.
 */
export const whyUnreadable = (before: SecretDigests, after: SecretDigests): ConfigError | undefined => {
  for (const [name, value] of after) {
    if (typeof value === "string" || name.startsWith("server.tokens")) continue
    if (typeof (before.get(name) ?? "") === "string") return value
  }
  return undefined
}

/** Whether a secret is what it was: two that cannot be read are. */
export const isSameValue = (one: string | ConfigError | undefined, other: string | ConfigError | undefined): boolean =>
  one === other || (typeof one === "object" && typeof other === "object")

const namedSecrets = (place: string, block: unknown) =>
  secretsIn(block).map(([key, secret]) => [`${place}: ${key}`, secret] as const)

/** What a reload answers that has done all of a plan. */
export const answerOf = (
  plan: readonly PlannedTenant[],
  now: Config,
  next: Config,
  secrets: readonly [SecretDigests, SecretDigests],
  needs_restart: readonly string[],
): ReloadAnswer => {
  const named = (wanted: Fate) =>
    plan.flatMap(({ tenant, plugins }) =>
      plugins.flatMap(({ fate, enabled }) => (fate === wanted ? [`${tenant.id}/${enabled.plugin.id}`] : [])),
    )
  const [before, after] = secrets
  return {
    started: named("started"),
    stopped: named("stopped"),
    restarted: named("restarted"),
    kept: named("kept"),
    rotated: [...after].flatMap(([name, digest]) =>
      before.has(name) && !isSameValue(before.get(name), digest) ? [name] : [],
    ),
    changed: free_keys.filter((key) => !isAlike(valueAt(now, key), valueAt(next, key))),
    needs_restart: [...needs_restart],
  }
}
