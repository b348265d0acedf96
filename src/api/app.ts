/** The HTTP API over running tenants, as one Hono app. Web standards only. */
import { Clock, type Context, Effect, type FileSystem, type Scope } from "effect"
import { Hono } from "hono"
import { type ActionTenant, makeActionTenant } from "../core/actions/execute.ts"
import { no_guards } from "../core/actions/guards.ts"
import type { ClusterLook } from "../core/cluster/cluster.ts"
import type { GuardsConfig } from "../core/config/schema.ts"
import type { Caller } from "../core/http/server/bearer.ts"
import { server } from "../core/http/server/limits.ts"
import type { From } from "../core/http/server/listen.ts"
import type { RunningTenant } from "../core/tenant/boot.ts"
import { actionRoutes } from "./actions.ts"
import { type Api, type ApiContext, type ApiEnv, answerTheRest, authenticate, giveRequestId, waitFor } from "./api.ts"
import { approvalRoutes } from "./approvals.ts"
import { limitRequests } from "./crowd.ts"
import { dashboardDoor, dashboardRoutes, isDashboardPath } from "./dashboard.ts"
import { adminDeadLetterRoutes, deadLetterRoutes } from "./dead-letters.ts"
import { docsRoutes, isDocsPath, loginRoutes } from "./docs.ts"
import { healthRoutes, type ProcessHealth } from "./health.ts"
import { checkHost, pathOf } from "./host.ts"
import { logRoutes } from "./logs.ts"
import { mcpRoutes } from "./mcp.ts"
import { metricsRoutes } from "./metrics.ts"
import { openApiRoutes } from "./openapi-routes.ts"
import { type Reload, reloadRoutes } from "./reload.ts"
import { runRoutes } from "./runs.ts"
import { makeSessions, type Sessions } from "./session.ts"
import { OpenResponses } from "./status/open-responses.ts"
import { makeSharedLook, type SharedLook } from "./status/shared-look.ts"
import { statusRoutes } from "./status/status.ts"
import { tapRoutes } from "./status/tap.ts"
import { baseOf, tenantRoutes } from "./tenants.ts"
import { timeRequests } from "./time-requests.ts"
import { giveTrace } from "./trace.ts"

/** What the API shows, and to whom. */
interface Served {
  readonly tenants: readonly ServedTenant[]
  /** Whether tenants come and go by themselves, so that one alone is one of several, too. */
  readonly several?: boolean
  readonly callers: readonly Caller[]
  /** `server.read_only` of the configuration. */
  readonly read_only?: boolean
  /** `server.health_tenants` of the configuration. */
  readonly health_tenants?: boolean
  /** `server.python_metrics` of the configuration. */
  readonly python_metrics?: boolean
  /** Names that we are called by, beside `localhost`; see `checkHost`. Any when not given. */
  readonly hosts?: readonly string[]
}

/** A tenant with its actions. */
export interface ServedTenant {
  readonly running: RunningTenant
  readonly acting: ActionTenant
}

interface HttpOptions {
  /** When the process began, ms since the epoch. */
  readonly started_ms: number
  readonly now_ms: () => number
  /** `health`: no actions, no MCP, no documentation. */
  readonly serves?: "all" | "health"
  /** Logger, clock and file system of what requests run. Tenants bring their own services. */
  readonly context: Context.Context<FileSystem.FileSystem>
  /** Reads the configuration anew, where that is possible. */
  readonly reload?: Reload
  /** The health of what belongs to no tenant, such as the list of children in Flight Control, by its name. */
  readonly process_health?: ProcessHealth
  /** Who of a cluster runs what. */
  readonly cluster?: () => ClusterLook | undefined
}

/** The HTTP API of a process. A reload changes which tenants it serves, while it goes on answering. */
export interface HttpApi {
  readonly fetch: (request: Request, from?: From) => Response | Promise<Response>
  /** Opens the actions of a tenant, until the scope closes. */
  readonly openActions: (
    running: RunningTenant,
    guards: GuardsConfig,
  ) => Effect.Effect<ServedTenant, never, Scope.Scope>
  /** From now on serves these tenants. Requests that are being answered are finished with the tenants that they began with. */
  readonly show: (served: Served) => Hono<ApiEnv>
  /** Ends the responses that stay open, so that their readers have to authenticate again: those of these tenants, or all. */
  readonly endOpenResponses: (tenants?: readonly string[]) => Effect.Effect<void>
  /** Waits until what requests have begun so far is done, but no longer than a stopping process may take. */
  readonly settled: Effect.Effect<void>
  readonly stop: Effect.Effect<void>
}

/** Makes the API; it serves no tenant before `show`. Every answer that is no success is a problem document. */
const makeHttp = (options: HttpOptions): HttpApi => {
  const pending = new Set<Promise<unknown>>()
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
  const owner = options.serves !== "health"
  const nothing: Api = { tenants: [], several: false, callers: [], read_only: false, run, now_ms: options.now_ms }
  let now: { readonly api: Api; readonly running: readonly RunningTenant[]; readonly app: Hono<ApiEnv> } = {
    api: nothing,
    running: [],
    app: new Hono<ApiEnv>(),
  }
  const open_responses = new OpenResponses()
  const lasting: Lasting = {
    ...options,
    runAside: runAll,
    open_responses,
    sessions: makeSessions(
      () => now.api,
      (path) => isDocsPath(path) || isDashboardPath(path),
    ),
    look: makeSharedLook(() => now, options),
    limit: limitRequests(),
  }

  const openActions: HttpApi["openActions"] = Effect.fnUntraced(function* (running, guards) {
    // A worker beside a server leaves the journal, the audit log and the runs to that one.
    const acting = yield* makeActionTenant(running, { owner, guards })
    if (owner) {
      // Runs that an earlier process was waiting for.
      void run(acting.runs.resume(acting.find))
      yield* Effect.addFinalizer(() => Effect.andThen(acting.runs.stop, acting.audit.close))
      yield* Effect.forkScoped(acting.watchRecords)
      // The audit lines of actions that a crash cut off are written now, not at the first action.
      const opened = Effect.catch(acting.journal, ({ message }) => Effect.logError(message))
      // With its services: they name the tenant in the line.
      void run(Effect.provide(opened, running.services))
    }
    return { running, acting }
  }, Effect.provide(options.context))

  const show = ({
    tenants,
    several = tenants.length > 1,
    callers,
    read_only = false,
    ...served
  }: Served): Hono<ApiEnv> => {
    const api: Api = { ...nothing, tenants: tenants.map(({ acting }) => acting), several, callers, read_only }
    const running = tenants.map((one) => one.running)
    now = { api, running, app: makeApp(api, running, lasting, served) }
    lasting.look.forget()
    return now.app
  }

  return {
    fetch: (request, from) => now.app.fetch(request, from),
    openActions,
    show,
    endOpenResponses: (tenants) => (tenants === undefined ? open_responses.endAll : open_responses.endOf(tenants)),
    settled: waitFor(pending, server.drain_ms_max),
    stop: Effect.andThen(lasting.look.stop, open_responses.endAll),
  }
}

/** What outlives a reload of the configuration. */
interface Lasting extends HttpOptions {
  readonly sessions: Sessions
  readonly open_responses: OpenResponses
  readonly look: SharedLook
  readonly limit: ReturnType<typeof limitRequests>
  readonly runAside: Api["run"]
}

/** Middleware: HEAD is answered as GET is, and nobody reads that body: one that stays open would keep its place. */
const endBodyOfHead = async (c: ApiContext, next: () => Promise<void>): Promise<void> => {
  await next()
  if (c.req.method === "HEAD") await c.res.body?.cancel()
}

const makeApp = (
  api: Api,
  tenants: readonly RunningTenant[],
  { sessions, open_responses, look, limit, started_ms, serves, reload, runAside, process_health }: Lasting,
  {
    hosts,
    health_tenants = false,
    python_metrics = false,
  }: Pick<Served, "hosts" | "health_tenants" | "python_metrics">,
): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>({ getPath: pathOf })
  app.use(endBodyOfHead)
  app.use(timeRequests)
  app.use(giveRequestId)
  if (hosts !== undefined) app.use(checkHost(hosts))
  answerTheRest(app, api)

  app.route("/", healthRoutes(api, tenants, { started_ms, names_tenants: health_tenants, process_health }))
  app.use(limit)
  if (serves !== "health") {
    app.route("/", loginRoutes(sessions))
    app.route("/", dashboardDoor(sessions))
  }
  app.use(authenticate(api, sessions.callerOf))
  app.route("/", metricsRoutes(api, look, { started_ms, python: python_metrics }))
  app.route("/", logRoutes())
  app.route("/", tenantRoutes(api))
  app.route("/", statusRoutes(look, open_responses))
  if (reload !== undefined) app.route("/", reloadRoutes(api, reload, runAside))
  for (const tenant of api.tenants) app.route(baseOf(api, tenant.id), tapRoutes(api, tenant, open_responses))
  if (serves === "health") return app
  app.use(giveTrace(api))
  app.route("/", openApiRoutes(api))
  app.route("/", docsRoutes())
  app.route("/", dashboardRoutes())
  app.route("/", adminDeadLetterRoutes(api, tenants))
  for (const tenant of api.tenants) {
    const base = baseOf(api, tenant.id)
    app.route(base, deadLetterRoutes(api, tenant))
    app.route(base, actionRoutes(api, tenant))
    app.route(base, approvalRoutes(api, tenant))
    app.route(base, runRoutes(api, tenant))
    app.route(base, mcpRoutes(api, tenant))
  }
  return app
}

/** The API within a scope: log lines go where the surrounding effect sends its own. Whoever closes the scope lets it settle before. */
export const openHttp = Effect.fnUntraced(function* (
  options: Omit<HttpOptions, "context" | "now_ms">,
): Effect.fn.Return<HttpApi, never, FileSystem.FileSystem | Scope.Scope> {
  const clock = yield* Clock.Clock
  const context = yield* Effect.context<FileSystem.FileSystem>()
  const http = makeHttp({ ...options, context, now_ms: () => clock.currentTimeMillisUnsafe() })
  yield* Effect.addFinalizer(() => http.stop)
  return http
})

interface AppOptions extends Omit<HttpOptions, "context" | "now_ms">, Omit<Served, "tenants"> {
  readonly tenants: readonly RunningTenant[]
  /** `guards` of the configuration. */
  readonly guards?: GuardsConfig
}

/** The app over tenants that stay the same; when the scope closes it waits for actions that are being carried out. */
export const openHttpApp = Effect.fnUntraced(function* ({
  tenants,
  guards = no_guards,
  ...options
}: AppOptions): Effect.fn.Return<Hono<ApiEnv>, never, FileSystem.FileSystem | Scope.Scope> {
  const http = yield* openHttp(options)
  const served = yield* Effect.forEach(tenants, (tenant) => http.openActions(tenant, guards))
  yield* Effect.addFinalizer(() => http.settled)
  return http.show({ ...options, tenants: served })
})
