/** `tenants_from: flight-control` while a process runs: its tenants are the children that the parent has. */
import { Context, Effect, FileSystem, Latch, Layer, Metric, type Scope } from "effect"
import type { Reload, ReloadAsked } from "./api/reload.ts"
import { tellUnready } from "./core/config/children.ts"
import type { Config } from "./core/config/load.ts"
import { isSameValue, parent_secret } from "./core/config/reload-plan.ts"
import type { ConfigError } from "./core/errors.ts"
import { FalconAuth } from "./core/falcon/auth.ts"
import { layerFalcon } from "./core/falcon/layer.ts"
import { followChildren } from "./core/flight-control/follow.ts"
import { listChildren } from "./core/flight-control/list-children.ts"
import type { Http } from "./core/http/client/http.ts"
import { Health, type Report } from "./core/telemetry/health.ts"
import { credentialsOf } from "./core/tenant/services.ts"
import type { InForce, Live } from "./live.ts"
import { type ReadAnew, readNext } from "./reload.ts"

/** Stands for the parent in health, metrics and the audit log. */
const name = "flight-control"

interface Parent {
  /**
   * A configuration was read anew: takes the credentials that it has, and lists the children now, and not when it is time. Where the parent
   * asked itself, it has just listed them.
   */
  readonly takeOver: (now: InForce, before: InForce, asked: ReloadAsked) => Effect.Effect<void>
  readonly health: Effect.Effect<Readonly<Record<string, Report>>>
  /** Lists the children again and again, and has the configuration read anew when others are there, or can be started now. Never ends. */
  readonly follow: (
    live: Live,
    reload: Reload,
    readAnew: ReadAnew,
  ) => Effect.Effect<never, never, FileSystem.FileSystem>
}

/** The parent's client; nothing where the configuration names the tenants itself. */
export const openParent = Effect.fnUntraced(function* (
  { flight_control, data_dir }: Config,
  network: Layer.Layer<Http>,
): Effect.fn.Return<Parent | undefined, never, FileSystem.FileSystem | Scope.Scope> {
  if (flight_control === undefined) return undefined
  const fs = yield* FileSystem.FileSystem
  const label = Layer.succeed(Metric.CurrentMetricAttributes, { tenant: name })
  const services = yield* Layer.build(
    layerFalcon(credentialsOf(flight_control.credentials, fs)).pipe(
      Layer.provideMerge(Health.layer([name])),
      Layer.provide([network, label]),
    ),
  )
  const health = yield* Health.use((all) =>
    Effect.tap(all.cell(name, "children"), (cell) =>
      Effect.andThen(cell.set("degraded", "the children have not been listed yet"), all.started(name)),
    ),
  ).pipe(Effect.provide(services))
  const wanted = Latch.makeUnsafe(false)
  const takeOver: Parent["takeOver"] = Effect.fnUntraced(
    function* (now, before, { via }) {
      const next = now.config.flight_control
      if (next !== undefined && !isSame(now, before))
        yield* FalconAuth.use((auth) => auth.replace(credentialsOf(next.credentials, fs)))
      if (via !== name) wanted.openUnsafe()
    },
    Effect.provide(Context.add(services, FileSystem.FileSystem, fs)),
  )
  return {
    takeOver,
    health: Effect.map(
      Effect.provide(
        Health.use((all) => all.report),
        services,
      ),
      ({ plugins }) => plugins,
    ),
    follow: (live, reload, readAnew) =>
      followChildren({
        data_dir,
        list: Effect.andThen(
          Effect.sync(() => void wanted.closeUnsafe()),
          listChildren,
        ),
        apply: apply(live, reload, readAnew),
        health,
        wanted: Effect.suspend(() => wanted.await),
      }).pipe(Effect.provide(services)),
  }
})

/** Whether the parent's client is the same in both, with the same secret. */
const isSame = (now: InForce, before: InForce): boolean => {
  const client = ({ config }: InForce) => config.flight_control?.credentials
  return (
    client(now)?.client_id === client(before)?.client_id &&
    client(now)?.base_url === client(before)?.base_url &&
    isSameValue(now.secrets.get(parent_secret), before.secrets.get(parent_secret))
  )
}

const apply = (live: Live, reload: Reload, readAnew: ReadAnew): Effect.Effect<string, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { config: next } = yield* readNext(live.inForce().config, readAnew)
    if (idsOf(next) !== idsOf(live.inForce().config)) {
      const asked = { who: name, role: "admin", via: name, request_id: crypto.randomUUID() } as const
      const refused = yield* Effect.flip(reload.ask(asked)).pipe(Effect.orElseSucceed(() => undefined))
      if (refused !== undefined) return `the children cannot be put into force: ${refused.problem.detail}`
    }
    return next.flight_control === undefined ? "" : tellUnready(next.flight_control)
  }).pipe(
    Effect.catchTag("ConfigError", (error: ConfigError) =>
      Effect.succeed(`the configuration cannot be read anew: ${error.lines.join("; ")}`),
    ),
  )

const idsOf = ({ tenants }: Config): string =>
  tenants
    .map(({ id }) => id)
    .sort()
    .join(" ")
