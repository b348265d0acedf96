import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { fullName } from "./alert-actions.ts"
import { factOf } from "./facts.ts"
import { isRefusal, readFilter, user_properties } from "./filters.ts"
import { serve } from "./serve.ts"

/** Users of the console. `offset` is echoed, as all APIs but that of the hosts do. */
export function userRoutes(app: Hono, sim: SimContext): void {
  serve(app, sim, factOf("GET", "/user-management/queries/users/v1"), ({ query, now }) => {
    const offset = Number(query.get("offset") ?? 0)
    const limit = Number(query.get("limit") ?? 100)
    const filter = readFilter(query, user_properties, now)
    if (isRefusal(filter)) return filter
    const users = sim.people.console_users.filter((user) => filter.matches({ ...user, name: fullName(user) }))
    return {
      resources: users.slice(offset, offset + limit).map(({ uuid }) => uuid),
      meta: { pagination: { offset, limit, total: users.length } },
    }
  })
  serve(app, sim, factOf("POST", "/user-management/entities/users/GET/v1"), ({ list }) => {
    const wanted = new Set(list.map(String))
    return { resources: sim.people.console_users.filter(({ uuid }) => wanted.has(uuid)) }
  })
}
