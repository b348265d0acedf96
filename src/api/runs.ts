/** `GET /runs/:id`: an action that is waited for longer than its request. */
import { Effect, Result } from "effect"
import { Hono } from "hono"
import type { ActionTenant } from "../core/actions/execute.ts"
import { type Api, type ApiEnv, needs, refuseWith } from "./api.ts"

/** The routes of one tenant. */
export const runRoutes = (api: Api, tenant: ActionTenant): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()
  app.get("/runs/:id", needs("reader"), async (c) => {
    const result = await api.run(Effect.result(tenant.runs.find(c.req.param("id") ?? "")))
    if (Result.isFailure(result)) return refuseWith(c, "not-ready", result.failure.message)
    if (result.success === undefined) return refuseWith(c, "not-found", "there is no such run; they are kept for a day")
    return c.json(result.success)
  })
  return app
}
