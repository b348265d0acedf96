/**
 * The tenants and plugins of a process while it runs. A reload changes which there are: what it stops is stopped as at an end, what it
 * starts is started as at a start, and everything else goes on without noticing.
 */
import { Cause, Context, Deferred, Effect, Exit, Fiber, FileSystem, Latch, type Layer, Schedule, Scope } from "effect"
import type { HttpApi, ServedTenant } from "./api/app.ts"
import type { Cluster } from "./core/cluster/cluster.ts"
import type { Config, TenantConfig } from "./core/config/load.ts"
import { isSameValue, type PlannedTenant, type SecretDigests } from "./core/config/reload-plan.ts"
import { DrainLimit } from "./core/delivery/drain-limit.ts"
import type { ConfigError, StoreError } from "./core/errors.ts"
import { FalconAuth } from "./core/falcon/auth.ts"
import type { Http } from "./core/http/client/http.ts"
import type { Caller } from "./core/http/server/bearer.ts"
import { server } from "./core/http/server/limits.ts"
import { reload as limits } from "./core/limits/operator.ts"
import { retry } from "./core/limits.ts"
import type { EnabledPlugin } from "./core/plugin.ts"
import { forgetMetrics } from "./core/telemetry/forget-metrics.ts"
import { Health } from "./core/telemetry/health.ts"
import { openTenant, type RunningTenant } from "./core/tenant/boot.ts"
import { credentialsOf } from "./core/tenant/services.ts"
import { Amends } from "./core/wait-policy.ts"
import { runPlaced } from "./placed.ts"
import { runPlugin } from "./worker.ts"

/** A tenant as it runs. */
interface LiveTenant {
  readonly config: TenantConfig
  readonly served: ServedTenant
  readonly amends: Latch.Latch
  readonly scope: Scope.Closeable
}

/** What is in force. */
export interface InForce {
  readonly config: Config
  readonly callers: readonly Caller[]
  readonly secrets: SecretDigests
}

export interface Live {
  readonly inForce: () => InForce
  readonly tenants: () => readonly ServedTenant[]
  readonly running: () => readonly RunningTenant[]
  /** Starts what every plugin does in the background. Ends only by failing, with what a restart would not mend; then {@link stop} stops the others. */
  readonly work: Effect.Effect<never, ConfigError | StoreError>
  /** Stops what every plugin does in the background: what has been read is delivered first. Nothing is prepared any more by then. */
  readonly stop: Effect.Effect<void>
  /**
   * Opens the tenants that a plan adds; when that fails nothing has changed. What it gives carries the plan out and cannot fail.
   * One plan at a time.
   */
  readonly prepare: (
    plan: readonly PlannedTenant[],
    next: InForce,
  ) => Effect.Effect<Effect.Effect<void>, StoreError, FileSystem.FileSystem>
}

interface LiveOptions {
  readonly network: Layer.Layer<Http>
  readonly http: HttpApi
  /** Whether plugins work in the background here; where not, each counts as started. */
  readonly works: boolean
  readonly cluster?: Cluster | undefined
}

/** Opens the tenants of a configuration and shows them; no plugin works yet. All is closed with the scope. */
export const makeLive = Effect.fnUntraced(function* (
  first: InForce,
  { network, http, works, cluster }: LiveOptions,
): Effect.fn.Return<Live, StoreError, FileSystem.FileSystem | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  const failed = yield* Deferred.make<never, ConfigError | StoreError>()
  const scopes = new Set<Scope.Closeable>()
  /** By tenant and plugin. */
  const units = new Map<string, Fiber.Fiber<void, ConfigError>>()
  const workOf = cluster === undefined ? runPlugin : runPlaced(cluster.placement)
  let in_force = first
  let tenants: readonly LiveTenant[] = []

  const stopping = yield* Deferred.make<void>()
  /** A stop by a reload has more time than the end of the process, which may come meanwhile. */
  const drained = Effect.raceFirst(
    Effect.sleep(limits.drain_ms_max),
    Effect.andThen(Deferred.await(stopping), Effect.sleep(cluster?.placement.drain_ms_max ?? server.drain_ms_max)),
  )

  const close = (scope: Scope.Closeable) =>
    Effect.suspend(() => (scopes.delete(scope) ? Scope.close(scope, Exit.void) : Effect.void))

  const open = Effect.fnUntraced(function* (config: TenantConfig) {
    const scope = yield* Scope.make()
    scopes.add(scope)
    const pluginsNow = () => tenants.find((tenant) => tenant.scope === scope)?.served.running.plugins ?? config.plugins
    const opened = yield* openTenant(config, network, { pluginsNow, shared: cluster?.stores }).pipe(
      Scope.provide(scope),
      Effect.onError(() => close(scope)),
    )
    const amends = Latch.makeUnsafe(false)
    const services = Context.add(Context.add(opened.services, Amends, amends), DrainLimit, { over: drained })
    const running = { ...opened, services }
    return { config, running, scope, amends }
  })
  type Opened = Effect.Success<ReturnType<typeof open>>

  const actOf = ({ config, running, scope, amends }: Opened, { config: { guards } }: InForce) =>
    Effect.gen(function* () {
      yield* Effect.forkIn(Effect.provide(firstToken, running.services), scope)
      const served = yield* Scope.provide(http.openActions(running, guards), scope)
      return { config, served, scope, amends } satisfies LiveTenant
    })

  const show = (all: readonly LiveTenant[], next: InForce) =>
    Effect.sync(() => {
      const { host, allowed_hosts, read_only, health_tenants, python_metrics } = next.config.server
      in_force = next
      tenants = all
      const served = all.map((tenant) => tenant.served)
      const shown = { read_only, health_tenants, python_metrics, hosts: [host, ...allowed_hosts] }
      const several = next.config.flight_control !== undefined ? { several: true } : {}
      http.show({ tenants: served, ...several, callers: next.callers, ...shown })
    })

  const health = ({ served }: LiveTenant, of: (health: Health["Service"]) => Effect.Effect<void>) =>
    Effect.provide(Health.use(of), served.running.services)

  const start = Effect.fnUntraced(function* (tenant: LiveTenant, enabled: EnabledPlugin, at_start: boolean) {
    const { id } = enabled.plugin
    if (!works) return yield* health(tenant, (all) => all.started(id))
    const { running } = tenant.served
    const work = workOf(running, enabled)
    const fiber = yield* (at_start ? work : Effect.catch(work, (error) => standStill(running, id, error))).pipe(
      Effect.onExit((exit) =>
        Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)
          ? Deferred.failCause(failed, exit.cause)
          : Effect.void,
      ),
      Effect.forkDetach,
    )
    units.set(keyOf(tenant, id), fiber)
  }, Effect.uninterruptible)

  const stopOne = (tenant: LiveTenant, { plugin }: EnabledPlugin) =>
    Effect.gen(function* () {
      const key = keyOf(tenant, plugin.id)
      const fiber = units.get(key)
      if (fiber !== undefined) yield* Fiber.interrupt(fiber)
      units.delete(key)
    })

  const work = Effect.gen(function* () {
    for (const tenant of tenants) for (const enabled of tenant.config.plugins) yield* start(tenant, enabled, true)
    return yield* Deferred.await(failed)
  })

  /** What goes on in a tenant: new secrets in place of those that it holds, and a token of the client that it has now. */
  const takeOver = Effect.fnUntraced(function* (
    { served, scope, amends }: LiveTenant,
    { tenant, replaced, has_other_client }: PlannedTenant,
    next: InForce,
  ) {
    const name = `${tenant.id}: client_secret`
    const is_rotated = !isSameValue(in_force.secrets.get(name), next.secrets.get(name))
    for (const [held, other] of replaced) held.replace(other)
    const credentials = credentialsOf(tenant.credentials, fs)
    if (has_other_client || is_rotated) {
      const renewed = Effect.andThen(
        FalconAuth.use((auth) => auth.replace(credentials)),
        firstToken,
      )
      yield* Effect.forkIn(Effect.provide(renewed, served.running.services), scope)
    }
    const running = { ...served.running, plugins: tenant.plugins }
    const acting = yield* served.acting.change(tenant.plugins, next.config.guards)
    return { config: tenant, served: { running, acting }, scope, amends } satisfies LiveTenant
  })

  const prepare: Live["prepare"] = Effect.fnUntraced(function* (plan, next) {
    const before = tenants
    const opened: Opened[] = []
    const closeOpened = Effect.suspend(() => Effect.forEach(opened, ({ scope }) => close(scope), { discard: true }))
    for (const { tenant } of plan.filter(({ fate }) => fate === "added"))
      opened.push(yield* Effect.onError(open(tenant), () => closeOpened))

    const wasOf = ({ id, data_dir }: TenantConfig) =>
      before.find(({ config }) => config.id === id && config.data_dir === data_dir)
    const tokens_changed = haveTokensChanged(in_force, next)

    const change = Effect.gen(function* () {
      const all: LiveTenant[] = []
      for (const planned of plan.filter(({ fate }) => fate !== "removed")) {
        const was = wasOf(planned.tenant)
        const now =
          was === undefined
            ? yield* actOf(opened.find(({ config }) => config === planned.tenant)!, next)
            : yield* takeOver(was, planned, next)
        for (const { fate, enabled } of planned.plugins)
          if (fate === "started") yield* health(now, (of) => of.show(enabled.plugin.id))
        all.push(now)
      }
      const gone = plan.flatMap(({ fate, tenant }) => (fate === "removed" ? [tenant.id] : []))
      yield* show(all, { ...next, config: { ...next.config, tenants: all.map(({ config }) => config) } })
      yield* http.endOpenResponses(tokens_changed ? undefined : gone)
      yield* Effect.forEach(all, ({ amends }) => amends.release, { discard: true })
    })

    const follow = Effect.forEach(
      plan,
      (planned) => (planned.fate === "removed" ? remove(wasOf(planned.tenant)!) : followIn(planned)),
      { concurrency: "unbounded", discard: true },
    )
    return Effect.andThen(Effect.uninterruptible(change), follow)
  })

  const remove = Effect.fnUntraced(function* (tenant: LiveTenant) {
    yield* Effect.forEach(tenant.config.plugins, (enabled) => stopOne(tenant, enabled), { concurrency: "unbounded" })
    yield* http.settled
    yield* close(tenant.scope)
    yield* forgetMetrics({ tenant: tenant.config.id })
  })

  const followIn = ({ tenant: { id }, plugins }: PlannedTenant) =>
    Effect.forEach(
      plugins,
      Effect.fnUntraced(function* ({ fate, enabled }) {
        const tenant = tenants.find(({ config }) => config.id === id)!
        const plugin = enabled.plugin.id
        if (fate === "kept") return
        if (fate !== "started") yield* stopOne(tenant, enabled)
        if (fate !== "stopped") return yield* start(tenant, enabled, false)
        yield* health(tenant, (of) => of.hide(plugin))
        yield* forgetMetrics({ tenant: id, plugin })
      }),
      { concurrency: "unbounded", discard: true },
    )

  yield* Effect.addFinalizer(() =>
    Effect.andThen(
      http.settled,
      Effect.suspend(() => Effect.forEach([...scopes], close, { discard: true })),
    ),
  )
  const opened = yield* Effect.forEach(first.config.tenants, open)
  yield* show(yield* Effect.forEach(opened, (one) => actOf(one, first)), first)

  return {
    inForce: () => in_force,
    tenants: () => tenants.map(({ served }) => served),
    running: () => tenants.map(({ served }) => served.running),
    work,
    stop: Deferred.succeed(stopping, undefined).pipe(
      Effect.andThen(Effect.suspend(() => Fiber.interruptAll([...units.values()]))),
      Effect.andThen(cluster?.placement.leave ?? Effect.void),
    ),
    prepare,
  }
})

const keyOf = ({ config }: LiveTenant, plugin: string): string => `${config.data_dir}/${plugin}`

/** Asks for a token before anybody needs it, until there is one: wrong credentials show in health at once, and not with the first action. */
const firstToken = FalconAuth.use((auth) => auth.bearer).pipe(
  Effect.retry({ schedule: Schedule.spaced(retry.backoff_ms_max) }),
  Effect.ignore,
)

/** A plugin that a reload has started and that its configuration keeps from working: the others go on, and the next reload may mend it. */
const standStill = ({ services }: RunningTenant, plugin: string, error: ConfigError): Effect.Effect<never> =>
  Effect.gen(function* () {
    const message = error.lines.join("; ")
    yield* Effect.logError(`${plugin} stands still: ${message}`)
    const cell = yield* Health.use((health) => health.cell(plugin, "configuration"))
    yield* cell.set("failed", message)
    yield* Health.use((health) => health.started(plugin))
    return yield* Effect.never
  }).pipe(Effect.scoped, Effect.provide(services))

/** Whether who has a token may have changed. */
const haveTokensChanged = (now: InForce, next: InForce): boolean => {
  const of = ({ config, callers, secrets }: InForce) =>
    JSON.stringify([
      callers.map(({ name, role, tenants }) => [name, role, tenants]),
      config.server.tokens.map(({ name }) => secrets.get(`server.tokens: ${name}`)),
    ])
  return of(now) !== of(next)
}
