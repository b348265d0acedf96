/** `GET /health`, `/health/live`, `/health/ready`: open to everybody, for load balancers and people. */
import { Effect } from "effect"
import { Hono } from "hono"
import { type Caller, maySee } from "../core/http/server/bearer.ts"
import { Health, type HealthReport, type Report, worst } from "../core/telemetry/health.ts"
import type { RunningTenant } from "../core/tenant/boot.ts"
import { build, version } from "../version.ts"
import { type Api, type ApiEnv, callerOf } from "./api.ts"

/** Which build it is; nothing from source. */
const stamped = { ...(build.commit && { commit: build.commit }), ...(build.date && { built: build.date }) }

interface HealthOptions {
  readonly started_ms: number
  /** With several tenants, whether callers without a token learn their names and what is wrong with each. */
  readonly names_tenants: boolean
  readonly process_health?: ProcessHealth | undefined
}

/** How what belongs to no tenant is, by its name. Its details may name tenants. */
export type ProcessHealth = Effect.Effect<Readonly<Record<string, Report>>>

/** How one tenant is. */
interface TenantHealth {
  readonly id: string
  readonly ready: boolean
  readonly plugins: Readonly<Record<string, Report>>
}

const nothing: ProcessHealth = Effect.succeed({})

/** The three routes, about all tenants. */
export const healthRoutes = (api: Api, tenants: readonly RunningTenant[], options: HealthOptions): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()

  app.get("/health/live", (c) => c.json({ status: "ok" }))

  app.get("/health/ready", async (c) => {
    const ready = (await api.run(lookAt(tenants))).every((tenant) => tenant.ready)
    return c.json({ ready }, ready ? 200 : 503)
  })

  app.get("/health", async (c) => {
    const seen = await api.run(lookAt(tenants))
    const common = await api.run(options.process_health ?? nothing)
    const all = [...seen.map(({ plugins }) => plugins), common]
    const status = worst(all.flatMap((reports) => Object.values(reports).map((report) => report.status)))
    const uptime_s = Math.floor((api.now_ms() - options.started_ms) / 1_000)
    const viewer = options.names_tenants ? "everybody" : await callerOf(api, c)
    const plugins = { ...shown(seen, viewer, api.several), ...shownCommon(common, viewer) }
    const report: HealthReport = { status, version, ...stamped, uptime_s, plugins }
    return c.json(report, status === "failed" ? 503 : 200)
  })

  return app
}

const lookAt = (tenants: readonly RunningTenant[]): Effect.Effect<readonly TenantHealth[]> =>
  Effect.forEach(tenants, ({ id, services }) =>
    Health.use((health) => health.report).pipe(
      Effect.provide(services),
      Effect.map((report) => ({ id, ...report })),
    ),
  )

/**
 * What is shown: a single tenant as it is; of several, `<tenant>/<plugin>` to everybody where the configuration says so, and
 * otherwise to callers with a token, for the tenants that it may see. Others learn how many are unwell.
 */
const shown = (
  tenants: readonly TenantHealth[],
  viewer: "everybody" | Caller | undefined,
  several: boolean,
): Readonly<Record<string, Report>> => {
  if (!several) return tenants[0]?.plugins ?? {}
  if (viewer === undefined) return summedUp(tenants)
  return Object.fromEntries(
    tenants
      .filter(({ id }) => viewer === "everybody" || maySee(viewer, id))
      .flatMap(({ id, plugins }) => Object.entries(plugins).map(([name, report]) => [`${id}/${name}`, report])),
  )
}

/** Only who may see every tenant learns why. */
const shownCommon = (
  common: Readonly<Record<string, Report>>,
  viewer: "everybody" | Caller | undefined,
): Readonly<Record<string, Report>> => {
  if (viewer === "everybody" || (viewer !== undefined && viewer.tenants === undefined)) return common
  const why = "a token for all tenants shows why"
  return Object.fromEntries(
    Object.entries(common).map(([name, report]) => [name, { ...report, detail: report.detail === "" ? "" : why }]),
  )
}

/** Each plugin over all tenants: no name of a tenant, and no detail, which may hold one. */
const summedUp = (tenants: readonly TenantHealth[]): Readonly<Record<string, Report>> => {
  const names = new Set(tenants.flatMap(({ plugins }) => Object.keys(plugins)))
  return Object.fromEntries(
    [...names].map((name) => {
      const reports = tenants.flatMap(({ plugins }) => plugins[name] ?? [])
      const status = worst(reports.map((report) => report.status))
      const alike = reports.filter((report) => report.status === status)
      const since = alike.map((report) => report.since).sort()[0]!
      const detail = status === "ok" ? "" : `${alike.length} of ${reports.length} tenants; a token shows which`
      return [name, { status, since, detail }]
    }),
  )
}
