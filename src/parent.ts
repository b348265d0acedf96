/** `tenants_from: flight-control` while a process runs: its tenants are the children that the parent has. */
import { Context, Effect, FileSystem, Latch, Layer, Metric, Redacted, type Scope } from "effect"
import type { Reload } from "./api/reload.ts"
import { tellUnready } from "./core/config/children.ts"
import type { Config } from "./core/config/load.ts"
import type { Credentials } from "./core/config/schema.ts"
import type { ConfigError } from "./core/errors.ts"
import { FalconAuth } from "./core/falcon/auth.ts"
import { layerFalcon } from "./core/falcon/layer.ts"
import { followChildren } from "./core/flight-control/follow.ts"
import { listChildren } from "./core/flight-control/list-children.ts"
import type { Http } from "./core/http/client/http.ts"
import { Health, type Report } from "./core/telemetry/health.ts"
import { credentialsOf } from "./core/tenant/services.ts"
import type { Live } from "./live.ts"
import type { ReadAnew } from "./reload.ts"

/** Stands for the parent in health, metrics and the audit log. */
const name = "flight-control"

interface Parent {
  /** A configuration was read anew: lists the children now, and not when it is time, with the credentials that it has. */
  readonly takeOver: (config: Config) => Effect.Effect<void>
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
  let credentials = flight_control.credentials
  const takeOver: Parent["takeOver"] = Effect.fnUntraced(
    function* (config) {
      const next = config.flight_control?.credentials ?? credentials
      if (!(yield* isSame(credentials, next))) yield* FalconAuth.use((auth) => auth.replace(credentialsOf(next, fs)))
      credentials = next
      wanted.openUnsafe()
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

/** Whether both are of one client, with one secret. */
const isSame = (one: Credentials, other: Credentials): Effect.Effect<boolean, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const [secret, other_secret] = yield* Effect.all([one.client_secret.value, other.client_secret.value])
    const is_same_client = one.client_id === other.client_id && one.base_url === other.base_url
    return is_same_client && Redacted.value(secret) === Redacted.value(other_secret)
  }).pipe(Effect.orElseSucceed(() => false))

const apply = (live: Live, reload: Reload, readAnew: ReadAnew): Effect.Effect<string, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const next = yield* readAnew
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
