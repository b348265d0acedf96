/** The background work of every enabled plugin of every tenant, until interrupted. Interrupting it drains. */
import { Effect } from "effect"
import type { RunningTenant } from "./core/boot.ts"
import type { ConfigError, StoreError } from "./core/errors.ts"
import { followersOf } from "./core/plugin.ts"
import { Health } from "./core/telemetry/health.ts"

export const runWorker = (tenants: readonly RunningTenant[]): Effect.Effect<void, ConfigError | StoreError> =>
  Effect.forEach(tenants, (tenant) => runTenant(tenant, tenants.length > 1 ? { tenant: tenant.id } : {}), {
    concurrency: "unbounded",
    discard: true,
  })

const runTenant = (tenant: RunningTenant, notes: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const followers = yield* followersOf(tenant.plugins)
    yield* Effect.forEach(
      tenant.plugins,
      ({ plugin, config }) =>
        (plugin.run === undefined
          ? Health.use((health) => health.started(plugin.id))
          : Effect.scoped(plugin.run(config, followers))
        ).pipe(Effect.annotateLogs({ ...notes, plugin: plugin.id })),
      { concurrency: "unbounded", discard: true },
    )
  }).pipe(Effect.scoped, Effect.provide(tenant.services))

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
