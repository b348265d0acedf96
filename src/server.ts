/**
 * The HTTP API, as one Hono app. Web standards only: `export default { fetch }` is what `bun src/server.ts` and
 * `deno serve -A src/server.ts` start.
 */
import { NodeFileSystem } from "@effect/platform-node"
import { Cause, Clock, Context, Effect, Exit, type FileSystem, Scope } from "effect"
import { Hono } from "hono"
import { actionRoutes } from "./api/actions.ts"
import { type Api, type ApiEnv, answerProblem, authenticate, giveRequestId, refuseWith, waitFor } from "./api/api.ts"
import { docsRoutes, isDocsPath, loginRoutes } from "./api/docs.ts"
import { healthRoutes } from "./api/health.ts"
import { checkHost, pathOf } from "./api/host.ts"
import { mcpRoutes } from "./api/mcp.ts"
import { metricsRoutes } from "./api/metrics.ts"
import { openApiRoutes } from "./api/openapi.ts"
import { makeSessions } from "./api/session.ts"
import { makeActionTenant } from "./core/actions/execute.ts"
import { problemOf } from "./core/actions/problem.ts"
import { boot, type RunningTenant } from "./core/boot.ts"
import { type Config, loadConfig } from "./core/config/load.ts"
import { ConfigError } from "./core/errors.ts"
import { type Caller, loadCallers } from "./core/http/bearer.ts"
import { server } from "./core/limits.ts"
import { layerLogging } from "./core/telemetry/logging.ts"
import { redact } from "./core/telemetry/redact.ts"
import { plugins as shipped } from "./plugins/index.ts"
import { version } from "./version.ts"
import { markStarted } from "./worker.ts"

export type { AppType } from "./api/client.ts"

export interface AppOptions {
  readonly tenants: readonly RunningTenant[]
  readonly callers: readonly Caller[]
  /** When the process began, ms since the epoch. */
  readonly started_ms: number
  readonly now_ms: () => number
  /** `server.read_only` of the configuration. */
  readonly read_only?: boolean
  /** Names that we are called by, beside `localhost`; see `checkHost`. Any when not given. */
  readonly hosts?: readonly string[]
  /** `health`: no actions, no MCP, no documentation. */
  readonly serves?: "all" | "health"
  /** Where log lines go and what the time is, for what requests run. */
  readonly context?: Context.Context<never>
  /** Gets everything that is being carried out, for whoever stops the process. */
  readonly pending?: Set<Promise<unknown>>
}

/** The app over running tenants. Every answer that is no success is a problem document. */
export const makeApp = (options: AppOptions): Hono<ApiEnv> => {
  const { tenants, callers, started_ms, now_ms, read_only = false, pending = new Set() } = options
  const services = Context.merge(tenants[0]!.services, options.context ?? Context.empty())
  const runAll = Effect.runPromiseWith(services)
  const run: Api["run"] = (effect) => {
    const running = runAll(effect)
    const settled = running.then(forget, forget)
    function forget() {
      pending.delete(settled)
    }
    pending.add(settled)
    return running
  }
  const acting = tenants.map((tenant) => Effect.runSync(makeActionTenant(tenant, { owner: true })))
  // The audit lines of actions that a crash cut off are written now, not at the first action.
  for (const { journal } of acting) void run(Effect.catch(journal, ({ message }) => Effect.logError(message)))
  const api: Api = { tenants: acting, callers, read_only, run, now_ms }
  const sessions = makeSessions(api, isDocsPath)
  const app = new Hono<ApiEnv>({ getPath: pathOf })

  app.use(giveRequestId)
  if (options.hosts !== undefined) app.use(checkHost(options.hosts))
  app.notFound((c) => refuseWith(c, "not-found", `there is nothing at ${c.req.method} ${c.req.path.slice(0, 200)}`))
  app.onError(async (error, c) => {
    await run(Effect.logError(`${c.req.method} ${c.req.path} failed unexpectedly, please report it: ${error.stack}`))
    return answerProblem(c, problemOf("unexpected", "see the log under this request id"))
  })

  app.route("/", healthRoutes(api, tenants, started_ms))
  if (options.serves !== "health") app.route("/", loginRoutes(sessions))
  app.use(authenticate(api, sessions.callerOf))
  app.route("/", metricsRoutes(api))
  if (options.serves === "health") return app
  app.route("/", openApiRoutes(api))
  app.route("/", docsRoutes())
  for (const tenant of acting) {
    const base = acting.length === 1 ? "/" : `/tenants/${tenant.id}`
    app.route(base, actionRoutes(api, tenant))
    app.route(base, mcpRoutes(api, tenant))
  }
  return app
}

/**
 * Makes the app within a scope: log lines go where the surrounding effect sends its own, and when the scope closes it waits for
 * actions that are being carried out.
 */
export const openApp = Effect.fnUntraced(function* (
  options: Omit<AppOptions, "context" | "pending" | "now_ms">,
): Effect.fn.Return<Hono<ApiEnv>, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const context = yield* Effect.context<never>()
  const pending = new Set<Promise<unknown>>()
  yield* Effect.addFinalizer(() => waitFor(pending, server.drain_ms_max))
  return makeApp({ ...options, context, pending, now_ms: () => clock.currentTimeMillisUnsafe() })
})

/** What the configuration says about the app. */
export const served = ({ server: { host, allowed_hosts, read_only } }: Config) => ({
  read_only,
  hosts: [host, ...allowed_hosts],
})

/** Configuration -> app, for a runtime that brings its own server. Ends the process, with the reason, where that fails. */
const load = async (): Promise<(request: Request) => Response | Promise<Response>> => {
  const scope = Scope.makeUnsafe()
  const prepare: Effect.Effect<Config, unknown, FileSystem.FileSystem> = loadConfig({
    env: process.env,
    plugins: shipped,
  })
  const start = Effect.flatMap(prepare, (config) =>
    Effect.gen(function* () {
      const tenants = yield* boot(config, { version, env: process.env, lock: true })
      const { callers } = yield* loadCallers(config.source, config.data_dir, config.server)
      yield* markStarted(tenants)
      return yield* openApp({ tenants, callers, started_ms: Date.now(), ...served(config) })
    }).pipe(Effect.provide(layerLogging(config.log))),
  )
  const exit = await Effect.runPromiseExit(
    start.pipe(Effect.provide(NodeFileSystem.layer), Effect.provideService(Scope.Scope, scope)),
  )
  if (Exit.isSuccess(exit)) return exit.value.fetch
  const error = Cause.squash(exit.cause)
  const { source, key, message } =
    error instanceof ConfigError ? error : { source: "", key: "", message: String(error) }
  process.stderr.write(
    `akonis cannot start: ${redact([source, key, message].filter((part) => part !== "").join(": "))}\n`,
  )
  process.exit(error instanceof ConfigError ? 2 : 1)
}

// Started by itself it looks at its configuration before it listens.
let app: ReturnType<typeof load> | undefined
if (import.meta.main) {
  app = load()
  await app
}

export default {
  development: false,
  port: Number(process.env.AKONIS_PORT ?? 8_080),
  hostname: process.env.AKONIS_HOST ?? "127.0.0.1",
  fetch: async (request: Request): Promise<Response> => {
    app ??= load()
    return (await app)(request)
  },
}
