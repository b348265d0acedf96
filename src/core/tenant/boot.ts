/**
 * From a configuration to tenants that are ready to work: network set up, services built; and the lock of the data folder. Everything
 * is released with the scope.
 */
import { Context, Effect, FileSystem, Layer, type Scope } from "effect"
import type { Audit } from "../actions/audit.ts"
import type { Journal } from "../actions/idempotency.ts"
import type { TenantStores } from "../cluster/cluster.ts"
import { readAuthority } from "../config/authority.ts"
import type { Config, TenantConfig } from "../config/load.ts"
import type { Env } from "../config/read.ts"
import { makeBatchMemory, SharedBatchMemory } from "../delivery/batch-memory.ts"
import { type ConfigError, StoreError } from "../errors.ts"
import { makeTokenRates, TokenRates } from "../falcon/token-rates.ts"
import { layerFetch } from "../http/client/fetch.ts"
import type { Http } from "../http/client/http.ts"
import type { EnabledPlugin, PluginServices } from "../plugin.ts"
import { makeFolder } from "../store/atomic-file.ts"
import { type FolderLock, type FolderPart, lockFolder } from "../store/lock.ts"
import { watchFolder } from "../store/watch-folder.ts"
import { Health, type HealthCell } from "../telemetry/health.ts"
import { hidePasswordOf } from "../telemetry/redact.ts"
import { Tenant } from "./identity.ts"
import { layerTenant } from "./services.ts"

export interface RunningTenant {
  readonly id: string
  readonly plugins: readonly EnabledPlugin[]
  readonly services: Context.Context<PluginServices>
  /** Opens the journal of its changes where several processes share it, in place of that of its folder. */
  readonly journal?: (audit: Audit) => Effect.Effect<Journal, StoreError>
}

export interface BootOptions {
  readonly version: string
  /** For `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. */
  readonly env: Env
}

/** The tenants of a configuration, ready to work. Does not lock the data folder: whoever writes to it calls {@link lockData} before. */
export const boot = Effect.fnUntraced(function* (
  config: Config,
  options: BootOptions,
): Effect.fn.Return<readonly RunningTenant[], ConfigError | StoreError, FileSystem.FileSystem | Scope.Scope> {
  const { cluster, source } = config
  const shared = cluster && (yield* (yield* clusterRoom).openStores(cluster, { source, version: options.version }))
  return yield* openTenants(config, yield* layerNetwork(config, options), shared)
})

/** Makes parts of the data folder ours, the worker's unless told, for as long as the scope lives. Fails with `locked` when another process has one. */
export const lockData = Effect.fnUntraced(function* ({ data_dir }: Config, parts?: readonly FolderPart[]) {
  yield* makeFolder(data_dir).pipe(
    Effect.mapError(({ reason, path, message }) => {
      const hint = "set data_dir (AKONIS_DATA_DIR) to a folder that this user may write to"
      return new StoreError({ reason, path, message: `${message}; ${hint}` })
    }),
  )
  return yield* lockFolder(data_dir, parts)
})

/** Never ends while the locked data folder stays ours; every plugin's health tells when it does not, of the tenants that there are then. See `watchFolder`. */
export const watchData = Effect.fnUntraced(function* (
  config: Pick<Config, "data_dir">,
  tenants: () => readonly RunningTenant[],
  lock: FolderLock,
  parts?: readonly FolderPart[],
): Effect.fn.Return<never, StoreError, FileSystem.FileSystem | Scope.Scope> {
  const inner = () => tenants().map(({ services }) => Context.get(services, Tenant).data_dir)
  const tell: HealthCell["set"] = (status, detail) =>
    Effect.forEach(
      tenants(),
      ({ services }) =>
        Health.use((health) => health.cellOfAll("data folder")).pipe(
          Effect.flatMap((cell) => cell.set(status, detail)),
          Effect.provide(services),
        ),
      { discard: true },
    )
  return yield* watchFolder({ folder: config.data_dir, inner, lock, parts, tell })
})

/** The services of every tenant, over the network that is given. */
export const openTenants = ({ tenants }: Config, network: Layer.Layer<Http>, shared?: TenantStores) =>
  Effect.forEach(tenants, (tenant) => openTenant(tenant, network, { shared }))

/** All of a cluster, loaded by whoever has a configuration with a `cluster` block. */
export const clusterRoom = Effect.promise(() => import("../cluster/room.ts"))

/** The file system that a tenant's memory is read and written through by a command: the disk, or the database of a cluster. */
export const filesOf = Effect.fnUntraced(function* (
  { cluster, source }: Pick<Config, "cluster" | "source">,
  tenant: TenantConfig,
  version: string,
): Effect.fn.Return<FileSystem.FileSystem, ConfigError | StoreError, FileSystem.FileSystem | Scope.Scope> {
  const disk = yield* FileSystem.FileSystem
  if (cluster === undefined) return disk
  return (yield* (yield* clusterRoom).openStores(cluster, { source, version })).files(tenant, disk)
})

interface OpenOptions {
  readonly pluginsNow?: () => readonly EnabledPlugin[]
  readonly shared?: TenantStores | undefined
}

/** The services of one tenant; `pluginsNow` and `shared` as for `layerTenant`. */
export const openTenant = (
  tenant: TenantConfig,
  network: Layer.Layer<Http>,
  { pluginsNow, shared }: OpenOptions = {},
): Effect.Effect<RunningTenant, StoreError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.map(Layer.build(layerTenant(tenant, pluginsNow, shared).pipe(Layer.provide(network))), (services) => ({
    id: tenant.id,
    plugins: tenant.plugins,
    services,
    ...(shared !== undefined && { journal: (audit: Audit) => shared.journal(tenant.id, audit) }),
  }))

const unverified =
  "NODE_TLS_REJECT_UNAUTHORIZED=0 is set and has no effect: certificates are always verified. Remove it; an authority of your own belongs into ca_file"

/** The door to the network, with the proxy and the certificate authority of the configuration; and what all tenants share of the token endpoints and of memory. */
export const layerNetwork = Effect.fnUntraced(function* (
  config: Pick<Config, "source" | "proxy" | "ca_file">,
  { version, env }: Pick<BootOptions, "version" | "env"> & Partial<BootOptions>,
) {
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === "0") yield* Effect.logWarning(unverified)
  const { proxy, no_proxy } = proxySettings(config, env)
  if (proxy !== undefined) hidePasswordOf(proxy)
  const ca_pem =
    config.ca_file === undefined ? undefined : yield* readAuthority(config.source, "ca_file", config.ca_file)
  const network = layerFetch({
    user_agent: `akonis/${version}`,
    ...(proxy === undefined ? {} : { proxy }),
    ...(no_proxy === undefined ? {} : { no_proxy }),
    ...(ca_pem === undefined ? {} : { ca_pem }),
  })
  return Layer.mergeAll(
    network,
    Layer.succeed(TokenRates, makeTokenRates()),
    Layer.succeed(SharedBatchMemory, makeBatchMemory()),
  )
})

/** The proxy of the configuration, else of the environment, and what is reached without it. */
export const proxySettings = (config: Pick<Config, "proxy">, env: Env) => ({
  proxy: config.proxy ?? variable(env, "HTTPS_PROXY") ?? variable(env, "HTTP_PROXY"),
  no_proxy: variable(env, "NO_PROXY"),
})

const variable = (env: Env, name: string): string | undefined => env[name] || env[name.toLowerCase()] || undefined
