/** Which tenants there are for a caller: `GET /tenants`, who may pass to `/tenants/<id>/…`, and what stands at the root instead. */
import { Hono } from "hono"
import { maySee } from "../core/http/server/bearer.ts"
import { type Api, type ApiContext, type ApiEnv, needs, refuseWith } from "./api.ts"

/** Tenants that a refusal names. */
const named_max = 20

/** Where the routes of a tenant begin: at the root where it is the only one. */
export const baseOf = ({ several }: Pick<Api, "several">, id: string): string => (!several ? "/" : `/tenants/${id}`)

/** The tenants that the caller's token may see. */
const visible = (c: ApiContext, { tenants }: Api) => tenants.filter(({ id }) => maySee(c.get("caller"), id))

/** `GET /tenants`, and with several tenants the guard before their routes. Stands before the routes of tenants. */
export const tenantRoutes = (api: Api): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()
  app.get("/tenants", needs("reader"), (c) =>
    c.json({ tenants: visible(c, api).map(({ id }) => ({ id, actions: pathOf(api, id, "/actions") })) }),
  )
  if (!api.several) return app
  app.use("/tenants/:tenant/*", async (c, next) => {
    const id = c.req.param("tenant")
    const seen = visible(c, api).some((tenant) => tenant.id === id)
    // The same for a tenant that is not there and for one that is not theirs.
    if (!seen) return refuseWith(c, "not-found", `this token sees no such tenant; ${theirs(c, api, "")}`)
    c.set("tenant", id)
    await next()
    c.res.headers.set("x-tenant", id)
    return undefined
  })
  for (const route of ["/actions", "/approvals", "/runs", "/dead-letters", "/mcp", "/tap"]) {
    const name = (c: ApiContext) =>
      refuseWith(c, "not-found", `there are several tenants here; ${theirs(c, api, route)}`)
    app.all(route, name)
    app.all(`${route}/*`, name)
  }
  return app
}

const pathOf = (api: Api, id: string, route: string): string => `${baseOf(api, id).replace(/\/$/, "")}${route}`

/** The paths that the caller may ask instead. */
const theirs = (c: ApiContext, api: Api, route: string): string => {
  const paths = visible(c, api).map(({ id }) => pathOf(api, id, route))
  const more = paths.length - named_max
  return `ask at ${paths.slice(0, named_max).join(", ")}${more > 0 ? `, or one of ${more} more (GET /tenants)` : ""}`
}
