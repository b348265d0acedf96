/** The HTTP API over running tenants, as one Hono app. Web standards only. */
import { Clock, type Context, Effect, type FileSystem, type Scope } from "effect"
import { Hono } from "hono"
import { makeActionTenant } from "../core/actions/execute.ts"
import { no_guards } from "../core/actions/guards.ts"
import { problemOf } from "../core/actions/problem.ts"
import type { GuardsConfig } from "../core/config/schema.ts"
import type { Caller } from "../core/http/server/bearer.ts"
import { server } from "../core/http/server/limits.ts"
import type { RunningTenant } from "../core/tenant/boot.ts"
import { actionRoutes } from "./actions.ts"
import { type Api, type ApiEnv, answerProblem, authenticate, giveRequestId, refuseWith, waitFor } from "./api.ts"
import { approvalRoutes } from "./approvals.ts"
import { limitRequests } from "./crowd.ts"
import { dashboardDoor, dashboardRoutes, isDashboardPath } from "./dashboard.ts"
import { adminDeadLetterRoutes, deadLetterRoutes } from "./dead-letters.ts"
import { docsRoutes, isDocsPath, loginRoutes } from "./docs.ts"
import { healthRoutes } from "./health.ts"
import { checkHost, pathOf } from "./host.ts"
import { logRoutes } from "./logs.ts"
import { mcpRoutes } from "./mcp.ts"
import { metricsRoutes } from "./metrics.ts"
import { openApiRoutes } from "./openapi.ts"
import { runRoutes } from "./runs.ts"
import { makeSessions } from "./session.ts"
import { makeSharedLook } from "./status/shared-look.ts"
import { statusRoutes } from "./status/status.ts"
import { Streams } from "./status/streams.ts"
import { tapRoutes } from "./status/tap.ts"
import { baseOf, tenantRoutes } from "./tenants.ts"
import { timeRequests } from "./time-requests.ts"
import { giveTrace } from "./trace.ts"

export interface AppOptions {
  readonly tenants: readonly RunningTenant[]
  readonly callers: readonly Caller[]
  /** When the process began, ms since the epoch. */
  readonly started_ms: number
  readonly now_ms: () => number
  /** `server.read_only` of the configuration. */
  readonly read_only?: boolean
  /** Gets what ends the waiting for runs, for whoever stops the process. */
  readonly stopping?: Effect.Effect<void>[]
  /** Gets what has to be watched for as long as the process lives. */
  readonly watching?: Effect.Effect<never>[]
  /** `guards` of the configuration. */
  readonly guards?: GuardsConfig
  /** `server.health_tenants` of the configuration. */
  readonly health_tenants?: boolean
  /** Names that we are called by, beside `localhost`; see `checkHost`. Any when not given. */
  readonly hosts?: readonly string[]
  /** `health`: no actions, no MCP, no documentation. */
  readonly serves?: "all" | "health"
  /** Where log lines go, what the time is and whose disk it is, for what requests run. Tenants bring their own services. */
  readonly context: Context.Context<FileSystem.FileSystem>
  /** Gets everything that is being carried out, for whoever stops the process. */
  readonly pending?: Set<Promise<unknown>>
}

/** The app over running tenants. Every answer that is no success is a problem document. */
export const makeHttpApp = (options: AppOptions): Hono<ApiEnv> => {
  const { tenants, callers, started_ms, now_ms, read_only = false, guards = no_guards, pending = new Set() } = options
  const runAll = Effect.runPromiseWith(options.context)
  const run: Api["run"] = (effect) => {
    const running = runAll(effect)
    const settled = running.then(forget, forget)
    function forget() {
      pending.delete(settled)
    }
    pending.add(settled)
    return running
  }
  // A worker beside a server leaves the journal, the audit log and the runs to that one.
  const owner = options.serves !== "health"
  const acting = tenants.map((tenant) => Effect.runSync(makeActionTenant(tenant, { owner, guards })))
  for (const { runs, journal, audit, watchRecords, find } of owner ? acting : []) {
    // Runs that an earlier process was waiting for.
    void run(runs.resume(find))
    options.stopping?.push(Effect.andThen(runs.stop, audit.close))
    options.watching?.push(watchRecords)
    // The audit lines of actions that a crash cut off are written now, not at the first action.
    void run(Effect.catch(journal, ({ message }) => Effect.logError(message)))
  }
  const api: Api = { tenants: acting, callers, read_only, run, now_ms }
  const sessions = makeSessions(api, (path) => isDocsPath(path) || isDashboardPath(path))
  const app = new Hono<ApiEnv>({ getPath: pathOf })

  app.use(timeRequests)
  app.use(giveRequestId)
  if (options.hosts !== undefined) app.use(checkHost(options.hosts))
  app.notFound((c) => refuseWith(c, "not-found", `there is nothing at ${c.req.method} ${c.req.path.slice(0, 200)}`))
  app.onError(async (error, c) => {
    await run(Effect.logError(`${c.req.method} ${c.req.path} failed unexpectedly, please report it: ${error.stack}`))
    return answerProblem(c, problemOf("unexpected", "see the log under this request id"))
  })

  app.route("/", healthRoutes(api, tenants, { started_ms, names_tenants: options.health_tenants ?? false }))
  app.use(limitRequests())
  if (options.serves !== "health") {
    app.route("/", loginRoutes(sessions))
    app.route("/", dashboardDoor(sessions))
  }
  app.use(authenticate(api, sessions.callerOf))
  const streams = new Streams()
  const look = makeSharedLook(api, tenants, started_ms)
  app.route("/", metricsRoutes(api, look, started_ms))
  app.route("/", logRoutes())
  app.route("/", tenantRoutes(api))
  options.stopping?.push(look.stop, streams.endAll)
  app.route("/", statusRoutes(look, streams))
  for (const tenant of acting) app.route(baseOf(api, tenant.id), tapRoutes(api, tenant, streams))
  if (options.serves === "health") return app
  app.use(giveTrace(api))
  app.route("/", openApiRoutes(api))
  app.route("/", docsRoutes())
  app.route("/", dashboardRoutes())
  app.route("/", adminDeadLetterRoutes(api, tenants))
  for (const tenant of acting) {
    const base = baseOf(api, tenant.id)
    app.route(base, deadLetterRoutes(api, tenant))
    app.route(base, actionRoutes(api, tenant))
    app.route(base, approvalRoutes(api, tenant))
    app.route(base, runRoutes(api, tenant))
    app.route(base, mcpRoutes(api, tenant))
  }
  return app
}

/**
 * Makes the app within a scope: log lines go where the surrounding effect sends its own, and when the scope closes it waits for
 * actions that are being carried out.
 */
export const openHttpApp = Effect.fnUntraced(function* (
  options: Omit<AppOptions, "context" | "pending" | "stopping" | "watching" | "now_ms">,
): Effect.fn.Return<Hono<ApiEnv>, never, FileSystem.FileSystem | Scope.Scope> {
  const clock = yield* Clock.Clock
  const context = yield* Effect.context<FileSystem.FileSystem>()
  const pending = new Set<Promise<unknown>>()
  const stopping: Effect.Effect<void>[] = []
  yield* Effect.addFinalizer(() => Effect.all(stopping, { discard: true }))
  yield* Effect.addFinalizer(() => waitFor(pending, server.drain_ms_max))
  const watching: Effect.Effect<never>[] = []
  const now_ms = () => clock.currentTimeMillisUnsafe()
  const app = makeHttpApp({ ...options, context, pending, stopping, watching, now_ms })
  yield* Effect.forkScoped(Effect.all(watching, { concurrency: "unbounded", discard: true }))
  return app
})
