/**
 * The HTTP API, as one Hono app. Web standards only: `export default { fetch }` is what `bun src/server.ts` and
 * `deno serve -A src/server.ts` start.
 */
import { Effect, Exit, Scope } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { Hono } from "hono"
import { boot, type RunningTenant } from "./core/boot.ts"
import { type Config, loadConfig } from "./core/config/load.ts"
import { type Caller, findCaller, loadCallers, type Role, roleAllows } from "./core/http/bearer.ts"
import { problem } from "./core/http/problem.ts"
import { layerFiles } from "./core/store/files.ts"
import { Health, type Report, type Status } from "./core/telemetry/health.ts"
import { plugins as shipped } from "./plugins/index.ts"
import { version } from "./version.ts"
import { markStarted } from "./worker.ts"

export interface AppOptions {
  readonly tenants: readonly RunningTenant[]
  readonly callers: readonly Caller[]
  /** When the process began, ms since the epoch. */
  readonly started_ms: number
  readonly now_ms: () => number
}

/** The app over running tenants. Every answer that is no success is a problem document. */
export const makeApp = ({ tenants, callers, started_ms, now_ms }: AppOptions) => {
  const services = tenants[0]!.services
  const run = Effect.runPromiseWith(services)
  const app = new Hono<{ Variables: { caller: Caller } }>()

  app.notFound((c) => problem({ status: 404, title: "Not found", detail: `there is nothing at ${c.req.path}` }))
  app.onError((error) => problem({ status: 500, title: "Unexpected error", detail: error.message }))

  app.get("/health/live", (c) => c.json({ status: "ok" }))

  app.get("/health/ready", async (c) => {
    const { ready } = await run(reportAll(tenants))
    return c.json({ ready }, ready ? 200 : 503)
  })

  app.get("/health", async (c) => {
    const { plugins } = await run(reportAll(tenants))
    const status = worst(Object.values(plugins).map((report) => report.status))
    const uptime_s = Math.floor((now_ms() - started_ms) / 1_000)
    return c.json({ status, version, uptime_s, plugins }, status === "failed" ? 503 : 200)
  })

  // Everything below needs a token.
  app.use(async (c, next) => {
    const caller = await run(findCaller(callers, c.req.header("authorization")))
    if (caller === undefined) {
      const detail = "send Authorization: Bearer <token>, with a token of server.tokens or of data_dir/api-token"
      return problem({ status: 401, title: "No access", detail }, { "www-authenticate": "Bearer" })
    }
    c.set("caller", caller)
    return next()
  })

  app.get("/metrics", async (c) => {
    const refused = needs(c.get("caller"), "reader")
    if (refused !== undefined) return refused
    return c.text(await run(PrometheusMetrics.format()), 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    })
  })

  return app
}

const needs = (caller: Caller, role: Role): Response | undefined =>
  roleAllows(caller.role, role)
    ? undefined
    : problem({
        status: 403,
        title: "Not allowed",
        detail: `this needs the role ${role}; the token "${caller.name}" has ${caller.role}`,
      })

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

/** Configuration -> app, for a runtime that brings its own server. */
const load = async (): Promise<(request: Request) => Response | Promise<Response>> => {
  const scope = Scope.makeUnsafe()
  const start = Effect.gen(function* () {
    const config: Config = yield* loadConfig({ env: process.env, plugins: shipped })
    const tenants = yield* boot(config, { version, env: process.env, lock: true })
    const { callers } = yield* loadCallers(config.source, config.data_dir, config.server)
    yield* markStarted(tenants)
    return makeApp({ tenants, callers, started_ms: Date.now(), now_ms: Date.now })
  })
  const exit = await Effect.runPromiseExit(
    start.pipe(Effect.provide(layerFiles), Effect.provideService(Scope.Scope, scope)),
  )
  if (Exit.isSuccess(exit)) return exit.value.fetch
  throw new Error(`akonis cannot start: ${exit.cause}`)
}

let app: ReturnType<typeof load> | undefined

export default {
  port: Number(process.env.AKONIS_PORT ?? 8_080),
  hostname: process.env.AKONIS_HOST ?? "127.0.0.1",
  fetch: async (request: Request): Promise<Response> => {
    app ??= load()
    return (await app)(request)
  },
}
