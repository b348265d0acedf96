/** The Hono app of the edge: what of the HTTP API needs neither a disk nor a background. */
import { Clock, Effect, type FileSystem } from "effect"
import { Hono } from "hono"
import { actionRoutes } from "../api/actions.ts"
import {
  type Api,
  type ApiContext,
  type ApiEnv,
  answerTheRest,
  authenticate,
  giveRequestId,
  refuseWith,
} from "../api/api.ts"
import { healthRoutes } from "../api/health.ts"
import { openApiRoutes } from "../api/openapi-routes.ts"
import { baseOf, tenantRoutes } from "../api/tenants.ts"
import { giveTrace } from "../api/trace.ts"
import type { AuditLine } from "../core/actions/audit.ts"
import { makeActionTenant } from "../core/actions/execute.ts"
import type { Config } from "../core/config/load.ts"
import type { RememberedToken } from "../core/falcon/auth.ts"
import { Health } from "../core/telemetry/health.ts"
import type { RunningTenant } from "../core/tenant/boot.ts"
import { makeEdgeAudit, type TakeLine } from "./audit.ts"
import { makeEdgeJournal } from "./journal.ts"
import type { KeyValueStore } from "./store.ts"

/** What outlives a request. */
export interface Remembered {
  readonly store: KeyValueStore
  readonly running: Set<string>
  readonly unwritten: AuditLine[]
  readonly tokens: Map<string, RememberedToken>
}

/** The app for one request. */
export const makeEdgeApp = Effect.fnUntraced(function* (
  { server, guards }: Config,
  tenants: readonly RunningTenant[],
  { store, running, unwritten }: Remembered,
  take: TakeLine,
): Effect.fn.Return<Hono<ApiEnv>, never, FileSystem.FileSystem> {
  const context = yield* Effect.context<FileSystem.FileSystem>()
  const clock = yield* Clock.Clock
  const acting = yield* Effect.forEach(tenants, (tenant) => {
    const audit = makeEdgeAudit(take, unwritten)
    const journal = Effect.succeed(makeEdgeJournal({ tenant: tenant.id, store, audit, running }))
    return makeActionTenant(tenant, { owner: true, guards, records: { audit, journal } })
  })
  // There is no worker to wait for.
  yield* Effect.forEach(tenants, ({ plugins, services }) =>
    Effect.forEach(plugins, ({ plugin }) => Health.use((health) => health.started(plugin.id))).pipe(
      Effect.provide(services),
    ),
  )
  const api: Api = {
    tenants: acting,
    several: acting.length > 1,
    callers: server.tokens,
    read_only: server.read_only,
    run: Effect.runPromiseWith(context),
    now_ms: () => clock.currentTimeMillisUnsafe(),
  }
  const app = new Hono<ApiEnv>()
  app.use(giveRequestId)
  answerTheRest(app, api)
  app.route("/", healthRoutes(api, tenants, { started_ms: api.now_ms(), names_tenants: server.health_tenants }))
  app.use(authenticate(api, async () => undefined))
  app.route("/", tenantRoutes(api))
  app.use(giveTrace(api))
  app.use(refuseWait)
  app.route("/", openApiRoutes(api))
  for (const tenant of acting) app.route(baseOf(api, tenant.id), actionRoutes(api, tenant))
  return app
})

/** A wait outlives its request in a file, and there are none. */
const refuseWait = async (c: ApiContext, next: () => Promise<void>): Promise<Response | undefined> => {
  if (c.req.query("wait") !== undefined)
    return refuseWith(c, "invalid-request", "?wait= is not possible at the edge; nothing was done")
  await next()
  return undefined
}
