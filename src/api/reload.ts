/** `POST /admin/reload`: reads the configuration anew, as SIGHUP does, and tells what that changed. */
import { Effect, Result } from "effect"
import { Hono } from "hono"
import type { Refusal } from "../core/actions/problem.ts"
import type { ReloadAnswer } from "../core/config/reload-answer.ts"
import { roleAllows } from "../core/http/server/bearer.ts"
import { type Api, type ApiContext, type ApiEnv, answerProblem, refuseWith, takesNoQuery } from "./api.ts"

/** Who asks for a reload, for the audit log. */
export interface ReloadAsked {
  readonly who: string
  readonly role: string
  readonly via: "http" | "signal" | "flight-control"
  readonly request_id: string
  /** The tenants of the caller's token; all when left out. */
  readonly tenants?: readonly string[]
}

/** Reads the configuration anew; one at a time, in the order in which they were asked for. */
export interface Reload {
  readonly ask: (asked: ReloadAsked) => Effect.Effect<ReloadAnswer, Refusal>
  /** Writes into the audit log that somebody was refused. */
  readonly refused: (asked: ReloadAsked, detail: string) => Effect.Effect<void>
}

/**
 * For admins of all tenants: the configuration is everybody's. `runAside`: as `api.run`, for what is not waited for when a tenant is
 * removed, since it is this that removes it.
 */
export const reloadRoutes = (api: Api, reload: Reload, runAside: Api["run"]): Hono<ApiEnv> =>
  new Hono<ApiEnv>().post("/admin/reload", takesNoQuery, async (c) => {
    const why = whyNot(c)
    if (why !== undefined) {
      await api.run(reload.refused(askedBy(c), why))
      return refuseWith(c, "not-allowed", why)
    }
    const result = await runAside(Effect.result(reload.ask(askedBy(c))))
    return Result.isFailure(result) ? answerProblem(c, result.failure.problem) : c.json(result.success)
  })

const whyNot = (c: ApiContext): string | undefined => {
  const { name, role, tenants } = c.get("caller")
  if (!roleAllows(role, "admin")) return `this needs the role admin; the token "${name}" has ${role}`
  return tenants === undefined
    ? undefined
    : `the configuration is about all tenants, and the token "${name}" is for ${tenants.join(", ")}`
}

const askedBy = (c: ApiContext): ReloadAsked => {
  const { name, role, tenants } = c.get("caller")
  return { who: name, role, via: "http", request_id: c.get("request_id"), ...(tenants !== undefined && { tenants }) }
}
