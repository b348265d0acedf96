/** The one way from a configuration to a process that is ready: folder locked, tenants booted, callers known, HTTP API open. */
import { Clock, Effect, type FileSystem, Layer, Metric, Schedule, type Scope } from "effect"
import type { Hono } from "hono"
import type { ApiEnv } from "./api/api.ts"
import { openHttpApp } from "./api/app.ts"
import type { Config } from "./core/config/load.ts"
import type { Env } from "./core/config/read.ts"
import type { ConfigError, StoreError } from "./core/errors.ts"
import { FalconAuth } from "./core/falcon/auth.ts"
import { loadCallers } from "./core/http/server/bearer.ts"
import { retry } from "./core/limits.ts"
import type { FolderPart } from "./core/store/lock.ts"
import { Offsets } from "./core/store/offsets.ts"
import { layerLogging } from "./core/telemetry/logging.ts"
import { metrics } from "./core/telemetry/metrics.ts"
import { layerTracing } from "./core/telemetry/tracing/layer.ts"
import { boot, layerNetwork, lockData, type RunningTenant, watchData } from "./core/tenant/boot.ts"
import { build, version } from "./version.ts"

export interface Started {
  readonly tenants: readonly RunningTenant[]
  /** Not listening yet: the command line and a runtime of its own have each their own way. */
  readonly app: Hono<ApiEnv>
  /** The file with the token of the HTTP API that was made now, because the configuration names none. */
  readonly made_token?: string
  /** Never ends while the data folder stays ours; see `watchData`. */
  readonly watch: Effect.Effect<never, StoreError, FileSystem.FileSystem | Scope.Scope>
}

/** What a process does: the background work, answering actions, or both. */
export type Mode = "run" | "serve" | "worker"

/** What it writes to in the data folder, and so has to lock. */
const parts_of: Record<Mode, readonly FolderPart[]> = { run: ["work", "serve"], serve: ["serve"], worker: ["work"] }

/** Log lines and traces of a process, as its configuration wants them. */
export const layerTelemetry = (config: Config, env: Env): Layer.Layer<never, ConfigError, FileSystem.FileSystem> =>
  layerTracing(config.traces, version, Layer.unwrap(layerNetwork(config, { version, env }))).pipe(
    Layer.provideMerge(layerLogging(config.log)),
  )

/** Everything is released with the scope. No plugin works yet; that is `runWorker`, or `markStarted` where none shall. */
export const start = Effect.fnUntraced(function* (
  config: Config,
  { env, mode }: { readonly env: Env; readonly mode: Mode },
): Effect.fn.Return<Started, ConfigError | StoreError, FileSystem.FileSystem | Scope.Scope> {
  const started_ms = yield* Clock.currentTimeMillis
  const labels = { version, commit: build.commit, built: build.date }
  yield* Metric.update(Metric.withAttributes(metrics.build_info, labels), 1)
  const parts = parts_of[mode]
  const lock = yield* lockData(config, parts)
  const tenants = yield* boot(config, { version, env })
  if (mode !== "serve") yield* refuseDamagedOffsets(tenants)
  const { callers, made } = yield* loadCallers(config.source, config.data_dir, config.server)
  const { host, allowed_hosts, read_only, health_tenants } = config.server
  const app = yield* openHttpApp({
    tenants,
    callers,
    started_ms,
    serves: mode === "worker" ? "health" : "all",
    read_only,
    health_tenants,
    guards: config.guards,
    hosts: [host, ...allowed_hosts],
  })
  for (const tenant of tenants) yield* Effect.forkScoped(Effect.provide(firstToken, tenant.services))
  return {
    tenants,
    app,
    ...(made !== undefined && { made_token: made }),
    watch: watchData(config, tenants, lock, parts),
  }
})

/** Asks for a token before anybody needs it, until there is one: wrong credentials show in health at once, and not with the first action. */
const firstToken = FalconAuth.use((auth) => auth.bearer).pipe(
  Effect.retry({ schedule: Schedule.spaced(retry.backoff_ms_max) }),
  Effect.ignore,
)

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
