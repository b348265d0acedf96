/** The background work of every enabled plugin of every tenant, until interrupted. Interrupting it drains. */
import { Effect, Result } from "effect"
import type { Enricher } from "./core/delivery/enricher.ts"
import type { ConfigError, StoreError } from "./core/errors.ts"
import { stopwatch } from "./core/monotonic.ts"
import { type EnabledPlugin, enrichersOf } from "./core/plugin.ts"
import { Fenced } from "./core/store/fence.ts"
import { folder_watch } from "./core/store/limits.ts"
import { lookAgainMs } from "./core/store/look-again.ts"
import { Health } from "./core/telemetry/health.ts"
import type { RunningTenant } from "./core/tenant/boot.ts"

export const runWorker = (tenants: readonly RunningTenant[]): Effect.Effect<void, ConfigError | StoreError> =>
  Effect.forEach(
    tenants.flatMap((tenant) => tenant.plugins.map((enabled) => ({ tenant, enabled }))),
    ({ tenant, enabled }) => runPlugin(tenant, enabled),
    { concurrency: "unbounded", discard: true },
  )

/** The background work of one plugin of a tenant; one that has none has started with that. */
export const runPlugin = (
  tenant: RunningTenant,
  { plugin, config }: EnabledPlugin,
): Effect.Effect<void, ConfigError> => {
  // The tenant's services add its name to log lines.
  const annotated = (id: string) => Effect.annotateLogs({ plugin: id })
  const { run } = plugin
  if (run === undefined) return Health.use((health) => health.started(plugin.id)).pipe(Effect.provide(tenant.services))
  const work = (enrichers: readonly Enricher[]) =>
    standingStill(plugin.id, Effect.scoped(run(config, enrichers))).pipe(annotated(plugin.id))
  /** The work with the enrichers that can be made, until one more can: then it answers `true`. */
  const round = Effect.gen(function* () {
    const made: Enricher[] = []
    const broken: EnabledPlugin[] = []
    for (const enabled of tenant.plugins) {
      const tried = yield* Effect.result(enrichersOf([enabled]))
      if (Result.isSuccess(tried)) made.push(...tried.success)
      else if (tried.failure._tag === "ConfigError") return yield* tried.failure
      else {
        broken.push(enabled)
        yield* missing(enabled.plugin.id, tried.failure).pipe(annotated(enabled.plugin.id))
      }
    }
    if (broken.length === 0) return yield* Effect.as(work(made), false)
    yield* Effect.raceFirst(work(made), oneIsMended(broken))
    return true
  })
  // Only what delivers adds something to events: nothing else has to wait for enrichers, or to be told of others.
  const all = plugin.destination === undefined ? work([]) : untilFalse(Effect.scoped(round))
  return Effect.provide(all, tenant.services)
}

const untilFalse = <E, R>(round: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  Effect.gen(function* () {
    while (yield* round);
  })

/** Tells that a plugin adds nothing to events: they are delivered without it. */
const missing = Effect.fnUntraced(function* (plugin: string, { message }: StoreError) {
  const detail = `${message}; events are delivered without what ${plugin} adds to them until then`
  yield* Effect.logError(detail)
  const cell = yield* Health.use((health) => health.cell(plugin, "files"))
  yield* cell.set("failed", detail)
})

/** Waits before the next look whether a file can be used, after so many that were in vain. */
const waitToLook = (tries: number) =>
  Effect.flatMap(Fenced, (fence) => Effect.sleep(lookAgainMs(tries, { is_shared: fence !== undefined })))

/** Ends when the enricher of one of these plugins can be made. */
const oneIsMended = (broken: readonly EnabledPlugin[]) =>
  Effect.gen(function* () {
    for (let tries = 0; ; tries++) {
      yield* waitToLook(tries)
      for (const enabled of broken) {
        if (Result.isSuccess(yield* Effect.result(Effect.scoped(enrichersOf([enabled]))))) return
      }
    }
  })

/** A file of one plugin that cannot be used stops that plugin alone: health says so, and it is tried again. */
const standingStill = <R>(
  plugin: string,
  run: Effect.Effect<never, ConfigError | StoreError, R>,
): Effect.Effect<never, ConfigError, R | Health> =>
  Effect.gen(function* () {
    const cell = yield* Health.use((health) => health.cell(plugin, "files"))
    let logged = ""
    for (let tries = 0; ; tries++) {
      const passedMs = yield* stopwatch
      const { message } = yield* run.pipe(Effect.catchTag("StoreError", (error) => Effect.succeed(error)))
      if (message !== logged) yield* Effect.logError(`${plugin} stands still: ${message}`)
      logged = message
      yield* cell.set("failed", message)
      yield* Health.use((health) => health.started(plugin))
      // It has worked meanwhile: this is another trouble.
      if (passedMs() > folder_watch.retry_ms) tries = 0
      yield* waitToLook(tries)
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
