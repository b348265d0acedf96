import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { company, world } from "../events/world.ts"
import { factOf } from "./facts.ts"
import { serve } from "./serve.ts"

/** The host groups of the company. */
export function hostGroupRoutes(app: Hono, sim: SimContext): void {
  serve(app, sim, factOf("GET", "/devices/combined/host-groups/v1"), ({ query }) => {
    const offset = Number(query.get("offset") ?? 0)
    const limit = Number(query.get("limit") ?? 100)
    const groups = world.host_groups.map(({ id, name }, index) => ({
      id,
      name,
      // Falcon leaves the description out when nobody wrote one.
      ...(index % 2 === 0 && { description: `${company.name}: ${name}` }),
      group_type: index % 2 === 0 ? "static" : "dynamic",
      created_by: "admin@example.com",
      created_timestamp: new Date(sim.started_ms - 86_400_000).toISOString(),
    }))
    return {
      resources: groups.slice(offset, offset + limit),
      meta: { pagination: { offset, limit, total: groups.length } },
    }
  })
}
