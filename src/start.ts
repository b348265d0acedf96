/** The one way from a configuration to a process that is ready: folder locked, tenants booted, callers known, HTTP API open. */
import { Clock, Effect, type FileSystem, Layer, Metric, type Scope } from "effect"
import { type HttpApi, openHttp } from "./api/app.ts"
import type { Reload } from "./api/reload.ts"
import type { Cluster } from "./core/cluster/cluster.ts"
import type { Config } from "./core/config/load.ts"
import type { Env } from "./core/config/read.ts"
import { digestSecrets } from "./core/config/reload-plan.ts"
import type { ConfigError, StoreError } from "./core/errors.ts"
import { loadCallers } from "./core/http/server/bearer.ts"
import type { FolderPart } from "./core/store/lock.ts"
import { Offsets } from "./core/store/offsets.ts"
import { layerLogging } from "./core/telemetry/logging.ts"
import { metrics } from "./core/telemetry/metrics.ts"
import { layerTracing } from "./core/telemetry/tracing/layer.ts"
import { clusterRoom, layerNetwork, lockData, type RunningTenant, watchData } from "./core/tenant/boot.ts"
import { withUsableFolders } from "./core/tenant/usable-folders.ts"
import { type Live, makeLive } from "./live.ts"
import { openParent } from "./parent.ts"
import { makeReload, type ReadAnew } from "./reload.ts"
import { build, version } from "./version.ts"

export interface Started {
  /** Those that it starts with. */
  readonly tenants: readonly RunningTenant[]
  /** What is in force, without the children that could not be started. */
  readonly config: Config
  /** Not listening yet: the command line and a runtime of its own have each their own way. */
  readonly app: Pick<HttpApi, "fetch">
  /** Where the configuration can be read anew. */
  readonly reload?: Reload
  /** What the plugins do in the background, and reloads, until interrupted, which drains. */
  readonly work: Effect.Effect<never, ConfigError | StoreError, FileSystem.FileSystem>
  /** The file with the token of the HTTP API that was made now, because the configuration names none. */
  readonly made_token?: string
  /** Never ends while the data folder stays ours; see `watchData`. */
  readonly watch: Effect.Effect<never, StoreError, FileSystem.FileSystem | Scope.Scope>
}

/** What a process does: the background work, answering actions, or both. */
export type Mode = "run" | "serve" | "worker"

export interface StartOptions {
  readonly env: Env
  readonly mode: Mode
  /** Reads the configuration once more, for a reload; without it there is none. */
  readonly readAnew?: ReadAnew
}

/** What it writes to in the data folder, and so has to lock. */
const parts_of: Record<Mode, readonly FolderPart[]> = { run: ["work", "serve"], serve: ["serve"], worker: ["work"] }

/** Log lines and traces of a process, as its configuration wants them. */
export const layerTelemetry = (config: Config, env: Env): Layer.Layer<never, ConfigError, FileSystem.FileSystem> =>
  layerTracing(config.traces, version, Layer.unwrap(layerNetwork(config, { version, env }))).pipe(
    Layer.provideMerge(layerLogging(config.log)),
  )

/** Everything is released with the scope. No plugin works yet; that is `work`. */
export const start = Effect.fnUntraced(function* (
  given: Config,
  { env, mode, readAnew }: StartOptions,
): Effect.fn.Return<Started, ConfigError | StoreError, FileSystem.FileSystem | Scope.Scope> {
  const started_ms = yield* Clock.currentTimeMillis
  const labels = { version, commit: build.commit, built: build.date }
  yield* Metric.update(Metric.withAttributes(metrics.build_info, labels), 1)
  const parts = parts_of[mode]
  const lock = yield* lockData(given, parts)
  const config = yield* withUsableFolders(given)
  const network = yield* layerNetwork(config, { version, env })
  const { callers, made } = yield* loadCallers(config.source, config.data_dir, config.server)
  let running: Live | undefined
  let cluster: Cluster | undefined
  const parent = yield* openParent(config, network)
  const reloading = readAnew === undefined ? undefined : yield* makeReload(() => running!, readAnew, parent?.takeOver)
  const http = yield* openHttp({
    started_ms,
    serves: mode === "worker" ? "health" : "all",
    ...(reloading !== undefined && { reload: reloading.reload }),
    ...(parent !== undefined && { process_health: parent.health }),
    cluster: () => cluster?.look(),
  })
  const secrets = yield* digestSecrets(config)
  const works = mode !== "serve"
  const { source } = config
  cluster = config.cluster && (yield* (yield* clusterRoom).openCluster(config.cluster, { source, version, works }))
  const live = yield* makeLive({ config, callers, secrets }, { network, http, works, cluster })
  running = live
  const tenants = live.running()
  if (works) yield* refuseDamagedOffsets(tenants)
  const follow =
    parent === undefined || readAnew === undefined || reloading === undefined
      ? Effect.never
      : parent.follow(live, reloading.reload, readAnew)
  const work =
    reloading === undefined ? live.work : Effect.raceFirst(live.work, Effect.raceFirst(reloading.loop, follow))
  return {
    tenants,
    config,
    app: http,
    ...(made !== undefined && { made_token: made }),
    ...(reloading !== undefined && { reload: reloading.reload }),
    work: Effect.ensuring(work, live.stop),
    watch: watchData(config, live.running, lock, parts),
  }
})

/**
 * Where there is one tenant, a damaged `cache.json` stops the start: nothing would be delivered, and whoever starts Akonis is there to read
 * why. Where there are several, only the stream of that tenant stands still, and its health says why.
 */
export const refuseDamagedOffsets = ([tenant, ...others]: readonly RunningTenant[]): Effect.Effect<
  void,
  StoreError
> => {
  const works = tenant?.plugins.some(({ plugin }) => plugin.run !== undefined) ?? false
  if (tenant === undefined || !works || others.length > 0) return Effect.void
  return Offsets.use(({ open }) => open).pipe(Effect.provide(tenant.services), Effect.asVoid)
}
