/** `GET /health`, `/health/live`, `/health/ready`: open to everybody, for load balancers and people. */
import { Effect } from "effect"
import { Hono } from "hono"
import { Health, type HealthReport, type Report, type Status } from "../core/telemetry/health.ts"
import type { RunningTenant } from "../core/tenant/boot.ts"
import { build, version } from "../version.ts"
import type { Api, ApiEnv } from "./api.ts"

/** The three routes, about all tenants. */
export const healthRoutes = (api: Api, tenants: readonly RunningTenant[], started_ms: number): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()

  app.get("/health/live", (c) => c.json({ status: "ok" }))

  app.get("/health/ready", async (c) => {
    const { ready } = await api.run(reportAll(tenants))
    return c.json({ ready }, ready ? 200 : 503)
  })

  app.get("/health", async (c) => {
    const { plugins } = await api.run(reportAll(tenants))
    const status = worst(Object.values(plugins).map((report) => report.status))
    const uptime_s = Math.floor((api.now_ms() - started_ms) / 1_000)
    const report: HealthReport = { status, version, ...stamped, uptime_s, plugins }
    return c.json(report, status === "failed" ? 503 : 200)
  })

  return app
}

const stamped = { ...(build.commit && { commit: build.commit }), ...(build.date && { built: build.date }) }

/** Ready or not, and every plugin; with several tenants, plugins are named `<tenant>/<plugin>`. */
const reportAll = (tenants: readonly RunningTenant[]) =>
  Effect.forEach(tenants, ({ id, services }) =>
    Health.use((health) => health.report).pipe(
      Effect.provide(services),
      Effect.map(({ ready, plugins }) => ({
        ready,
        plugins: Object.entries(plugins).map(
          ([name, report]) => [tenants.length > 1 ? `${id}/${name}` : name, report] as const,
        ),
      })),
    ),
  ).pipe(
    Effect.map((reports) => ({
      ready: reports.every((report) => report.ready),
      plugins: Object.fromEntries(reports.flatMap((report) => report.plugins)) as Record<string, Report>,
    })),
  )

const worst = (all: readonly Status[]): Status =>
  all.includes("failed") ? "failed" : all.includes("degraded") ? "degraded" : "ok"
