/** `GET /actions`, `GET /actions/:slug`, `POST /actions/:slug`: one route per action that is switched on, and per alias. */
import { zValidator } from "@hono/zod-validator"
import { Effect, Result } from "effect"
import { Hono } from "hono"
import type { z } from "zod"
import type { AnyAction } from "../core/actions/action.ts"
import { catalogueEntry } from "../core/actions/catalogue.ts"
import { type ActionTenant, auditRefusal, perform } from "../core/actions/execute.ts"
import { actions as bounds } from "../core/actions/limits.ts"
import { performAndWait, type Waited } from "../core/actions/perform-and-wait.ts"
import { fieldErrors, invalidArguments, Refusal, refuse } from "../core/actions/problem.ts"
import { noSuchAction } from "../core/actions/registry.ts"
import { type ActionResponse, type Asked, type Executed, isIdempotencyKey } from "../core/actions/response.ts"
import { roleAllows } from "../core/http/server/bearer.ts"
import { Health } from "../core/telemetry/health.ts"
import { cleanText } from "../core/text.ts"
import { type Api, type ApiContext, type ApiEnv, answerProblem, needs, refuseWith } from "./api.ts"
import { jsonBody } from "./body.ts"

/** The routes of one tenant, to be mounted at `/` or at `/tenants/:id`. */
export const actionRoutes = (api: Api, tenant: ActionTenant): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()
  const { actions, find } = tenant

  app.get("/actions", needs("reader"), (c) => c.json({ actions: actions.map(catalogueEntry) }))

  app.get("/actions/:slug", needs("reader"), (c) => {
    const action = find(c.req.param("slug") ?? "")
    return action === undefined ? unknownAction(c, tenant) : c.json(catalogueEntry(action))
  })

  for (const action of actions) {
    for (const name of new Set([action.slug, action.alias])) {
      // A name of two actions belongs to the one whose slug it is.
      if (find(name) === action) addAction(app, api, tenant, action, name)
    }
  }

  app.all("/actions/:slug", (c) =>
    find(c.req.param("slug") ?? "") === undefined
      ? unknownAction(c, tenant)
      : refuseWith(c, "method-not-allowed", "an action is described by GET and run by POST", { allow: "GET, POST" }),
  )

  return app
}

const addAction = (app: Hono<ApiEnv>, api: Api, tenant: ActionTenant, action: AnyAction, name: string): void => {
  const schema: z.ZodObject = action.arguments
  app.post(
    `/actions/${name}`,
    mayRun(api, tenant, action),
    ...jsonBody,
    zValidator("json", schema, (result, c) =>
      result.success ? undefined : answerProblem(c as ApiContext, invalidArguments(action, fieldErrors(result.error))),
    ),
    async (c) => {
      const asked = askedFor(c, api)
      if (asked instanceof Refusal) return answerProblem(c, asked.problem)
      const wait = c.req.query("wait")
      const args = c.req.valid("json")
      const running: Effect.Effect<Omit<Executed, "answer"> & { readonly answer: ActionResponse | Waited }, Refusal> =
        wait === undefined
          ? perform(tenant, action, args, asked)
          : performAndWait(tenant, action, args, asked, Number(wait))
      const result = await api.run(Effect.result(running))
      if (Result.isFailure(result)) {
        const { problem, replayed } = result.failure
        return answerProblem(c, problem, replayed === true ? { "idempotency-replayed": "true" } : {})
      }
      if (result.success.replayed) c.header("idempotency-replayed", "true")
      const { answer } = result.success
      if (!("run" in answer) || answer.run.state === "done") return c.json(answer)
      return c.json(answer, 202, { location: `${c.req.path.replace(/\/actions\/.*/, "")}/runs/${answer.run.id}` })
    },
  )
}

/** The role, and the plugin having started. An attempt to change something without the role gets an audit line. */
const mayRun = (api: Api, tenant: ActionTenant, action: AnyAction) => {
  const plugin = tenant.pluginOf(action)
  let is_started = false
  return async (c: ApiContext, next: () => Promise<void>): Promise<Response | undefined> => {
    const caller = c.get("caller")
    if (!roleAllows(caller.role, "responder")) {
      const why = `running an action needs the role responder; the token "${caller.name}" has ${caller.role}`
      const refusal = refuse("not-allowed", why)
      const [request_id, trace] = [c.get("request_id"), c.get("trace")]
      const asked: Asked = { caller, via: "http", request_id, trace, dry_run: false, read_only: false }
      if (action.changes) {
        await api.run(auditRefusal(tenant, action, {}, asked, refusal))
      }
      return answerProblem(c, refusal.problem)
    }
    // Once started it stays so.
    is_started ||= await api.run(isStarted(tenant, plugin))
    if (!is_started) {
      return refuseWith(c, "not-ready", `the plugin ${plugin} has not started yet`, { "retry-after": "5" })
    }
    await next()
    return undefined
  }
}

const isStarted = ({ services }: ActionTenant, plugin: string): Effect.Effect<boolean> =>
  Health.use((health) => health.report).pipe(
    Effect.provide(services),
    Effect.map(({ plugins }) => plugins[plugin]?.detail !== "starting"),
  )

/** What the headers and the query say about a run. A parameter that is not understood could have meant "do not act". */
const askedFor = (c: ApiContext, api: Api): Asked | Refusal => {
  for (const [key, values] of Object.entries(c.req.queries())) {
    if (key !== "dry_run" && key !== "wait") {
      const name = cleanText(key, bounds.field_chars_max)
      return refuse(
        "invalid-request",
        `there is no query parameter ${name} here, only dry_run and wait; nothing was done`,
      )
    }
    if (values.length > 1) return refuse("invalid-request", `${key} stands there more than once; nothing was done`)
  }
  const dry_run = c.req.query("dry_run") ?? "false"
  if (!/^(true|false|1|0|)$/.test(dry_run)) {
    return refuse("invalid-request", "dry_run must be true or false")
  }
  const idempotency_key = c.req.header("idempotency-key")
  if (idempotency_key !== undefined && !isIdempotencyKey(idempotency_key)) {
    return refuse("invalid-request", "Idempotency-Key must have 1 to 255 visible ASCII characters")
  }
  return {
    caller: c.get("caller"),
    via: "http",
    request_id: c.get("request_id"),
    trace: c.get("trace"),
    // `?dry_run` alone means it too: taking it for false would act.
    dry_run: dry_run !== "false" && dry_run !== "0",
    idempotency_key,
    read_only: api.read_only,
  }
}

const unknownAction = (c: ApiContext, tenant: ActionTenant): Response =>
  refuseWith(c, "unknown-action", `${noSuchAction(tenant, c.req.param("slug") ?? "")}; GET /actions lists them`)
