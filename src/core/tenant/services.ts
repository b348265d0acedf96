/**
 * Configuration -> services. One set per tenant: its own token, rate budget, offsets, dead letters, health and metrics
 * label. The network, the clock and the disk are asked for from outside, so that a test can bring its own.
 */
import { Effect, FileSystem, Layer, Metric, References } from "effect"
import type { CheckServices } from "../check/check.ts"
import type { TenantStores } from "../cluster/cluster.ts"
import type { TenantConfig } from "../config/load.ts"
import type { Credentials } from "../config/schema.ts"
import { DeadLetters } from "../delivery/dead-letters.ts"
import { Taps } from "../delivery/tap.ts"
import type { StoreError } from "../errors.ts"
import type { FalconCredentials } from "../falcon/credentials.ts"
import { layerFalcon } from "../falcon/layer.ts"
import { SharedPace } from "../falcon/pace.ts"
import type { Http } from "../http/client/http.ts"
import type { EnabledPlugin, PluginServices } from "../plugin.ts"
import { makeFolder } from "../store/atomic-file.ts"
import { Checkpoints } from "../store/checkpoints.ts"
import { Offsets } from "../store/offsets.ts"
import { Board } from "../telemetry/board.ts"
import { Health } from "../telemetry/health.ts"
import { single_tenant, Tenant } from "./identity.ts"
import { layerPoolWatch } from "./watch-pools.ts"

/**
 * Everything that the plugins of one tenant may ask for. Building it makes the tenant's folder. `pluginsNow`: those that are on, where
 * they may be switched while this lives. `shared`: where the tenant's memory lies in a cluster, in place of its folder.
 */
export const layerTenant = (
  tenant: TenantConfig,
  pluginsNow: () => readonly EnabledPlugin[] = () => tenant.plugins,
  shared?: TenantStores,
): Layer.Layer<PluginServices, StoreError, Http | FileSystem.FileSystem> => {
  const folder = Layer.effectDiscard(makeFolder(tenant.data_dir))
  const identity = identityOf(tenant)
  const stores = Layer.mergeAll(
    shared?.layer ?? Layer.mergeAll(Offsets.layer, Checkpoints.layer),
    DeadLetters.layer,
  ).pipe(Layer.provide(folder), Layer.provideMerge(identity))
  const health = Health.layer(tenant.plugins.map(({ plugin }) => plugin.id))
  const notes = tenant.id === single_tenant ? {} : { tenant: tenant.id }
  const label = Layer.mergeAll(
    Layer.succeed(Metric.CurrentMetricAttributes, { tenant: tenant.id }),
    // Whatever logs in the name of the tenant says so.
    Layer.succeed(References.CurrentLogAnnotations, notes),
  )
  return Layer.mergeAll(
    stores,
    Board.layer,
    Taps.layer,
    Layer.mergeAll(layerFalconOf(tenant, shared), layerPoolWatch(pluginsNow)).pipe(
      Layer.provideMerge(health),
      Layer.provide(label),
    ),
    label,
    passOn,
  ).pipe(shared === undefined ? (whole) => whole : Layer.provide(layerSharedFiles(shared, tenant)))
}

const layerSharedFiles = ({ files }: TenantStores, tenant: TenantConfig) =>
  Layer.effect(
    FileSystem.FileSystem,
    Effect.map(FileSystem.FileSystem, (disk) => files(tenant, disk)),
  )

/** What comes from outside is handed on to the plugins as well. */
const passOn = Layer.effectContext(Effect.context<Http | FileSystem.FileSystem>())

/** What `akonis check` needs of a tenant: its client and its identity, and none of the stores, which may be damaged. */
export const layerForChecks = (
  tenant: TenantConfig,
): Layer.Layer<CheckServices, never, Http | FileSystem.FileSystem> => {
  const falcon = Layer.unwrap(
    Effect.map(FileSystem.FileSystem, (fs) => layerFalcon(credentialsOf(tenant.credentials, fs))),
  )
  return Layer.mergeAll(falcon, identityOf(tenant), passOn)
}

const identityOf = ({ id, data_dir, stix_dir }: TenantConfig) =>
  Layer.succeed(Tenant, { id, data_dir, ...(stix_dir !== undefined && { stix_dir }) })

/** The credentials as the client takes them: the secret is read anew whenever it is needed. */
export const credentialsOf = (
  { base_url, client_id, client_secret, member_cid }: Credentials,
  fs: FileSystem.FileSystem,
): FalconCredentials => ({
  base_url,
  client_id,
  client_secret: Effect.provideService(client_secret.value, FileSystem.FileSystem, fs),
  member_cid,
})

/** The Falcon client. That there is no token yet is told in the health of every plugin. */
const layerFalconOf = ({ id, credentials }: TenantConfig, shared: TenantStores | undefined) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const cell = yield* Health.use((health) => health.cellOfAll("token"))
      const client = layerFalcon(credentialsOf(credentials, fs), cell)
      return shared?.paceOf === undefined ? client : Layer.provide(client, Layer.succeed(SharedPace, shared.paceOf(id)))
    }),
  )
