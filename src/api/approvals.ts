/** `GET /approvals`, `POST /approvals/:id`: runs that wait for a second person. */
import { Effect, Result } from "effect"
import { Hono } from "hono"
import { approve } from "../core/actions/approve.ts"
import type { ActionTenant } from "../core/actions/execute.ts"
import { type Api, type ApiEnv, answerProblem, needs, takesNoQuery } from "./api.ts"

/** The routes of one tenant. */
export const approvalRoutes = (api: Api, tenant: ActionTenant): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()
  app.get("/approvals", needs("responder"), async (c) => {
    const waiting = await api.run(tenant.approvals.list)
    return c.json({ approvals: waiting.map(({ owner: _, hash: __, idempotency_key: ___, ...shown }) => shown) })
  })
  app.post("/approvals/:id", needs("responder"), takesNoQuery, async (c) => {
    const approver = {
      caller: c.get("caller"),
      via: "http",
      request_id: c.get("request_id"),
      trace: c.get("trace"),
    } as const
    const approving = approve(tenant, c.req.param("id") ?? "", { ...approver, read_only: api.read_only })
    const result = await api.run(Effect.result(approving))
    return Result.isFailure(result) ? answerProblem(c, result.failure.problem) : c.json(result.success.answer)
  })
  return app
}
