/** The background work of every enabled plugin of every tenant, until interrupted. Interrupting it drains. */
import { Effect } from "effect"
import type { ConfigError, StoreError } from "./core/errors.ts"
import { enrichersOf } from "./core/plugin.ts"
import { folder_watch } from "./core/store/limits.ts"
import { Health } from "./core/telemetry/health.ts"
import type { RunningTenant } from "./core/tenant/boot.ts"

export const runWorker = (tenants: readonly RunningTenant[]): Effect.Effect<void, ConfigError | StoreError> =>
  Effect.forEach(tenants, (tenant) => runTenant(tenant, tenants.length > 1 ? { tenant: tenant.id } : {}), {
    concurrency: "unbounded",
    discard: true,
  })

const runTenant = (tenant: RunningTenant, notes: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const enrichers = yield* enrichersOf(tenant.plugins)
    yield* Effect.forEach(
      tenant.plugins,
      ({ plugin, config }) =>
        (plugin.run === undefined
          ? Health.use((health) => health.started(plugin.id))
          : standingStill(plugin.id, Effect.scoped(plugin.run(config, enrichers)))
        ).pipe(Effect.annotateLogs({ ...notes, plugin: plugin.id })),
      { concurrency: "unbounded", discard: true },
    )
  }).pipe(Effect.scoped, Effect.provide(tenant.services))

/** A file of one plugin that cannot be used stops that plugin alone: health says so, and it is tried again. */
const standingStill = <R>(
  plugin: string,
  run: Effect.Effect<never, ConfigError | StoreError, R>,
): Effect.Effect<never, ConfigError, R | Health> =>
  Effect.gen(function* () {
    const cell = yield* Health.use((health) => health.cell(plugin, "files"))
    let logged = ""
    while (true) {
      const { message } = yield* run.pipe(Effect.catchTag("StoreError", (error) => Effect.succeed(error)))
      if (message !== logged) yield* Effect.logError(`${plugin} stands still: ${message}`)
      logged = message
      yield* cell.set("failed", message)
      yield* Health.use((health) => health.started(plugin))
      yield* Effect.sleep(folder_watch.retry_ms)
      yield* cell.set("ok", "")
    }
  }).pipe(Effect.scoped) as Effect.Effect<never, ConfigError, R | Health>

/** Without a worker there is nothing to wait for: every plugin counts as started. */
export const markStarted = (tenants: readonly RunningTenant[]): Effect.Effect<void> =>
  Effect.forEach(
    tenants,
    ({ plugins, services }) =>
      Effect.forEach(plugins, ({ plugin }) => Health.use((health) => health.started(plugin.id))).pipe(
        Effect.provide(services),
      ),
    { discard: true },
  )
