import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { company, world } from "../events/world.ts"
import { factOf } from "./facts.ts"
import { group_properties, isRefusal, readFilter } from "./filters.ts"
import { known, serve } from "./serve.ts"

/** The host groups of the company: searched, and looked up. */
export function hostGroupRoutes(app: Hono, sim: SimContext): void {
  const groups = makeGroups(sim.started_ms)
  const by_id = Object.fromEntries(groups.map((group) => [group.id, group]))
  serve(app, sim, factOf("GET", "/devices/combined/host-groups/v1"), ({ query, now }) => {
    const offset = Number(query.get("offset") ?? 0)
    const limit = Number(query.get("limit") ?? 100)
    const filter = readFilter(query, group_properties, now)
    if (isRefusal(filter)) return filter
    const found = groups.filter(filter.matches)
    return {
      resources: found.slice(offset, offset + limit),
      meta: { pagination: { offset, limit, total: found.length } },
    }
  })
  serve(app, sim, factOf("GET", "/devices/entities/host-groups/v1"), ({ list }) => {
    const { found, errors } = known(by_id, list, "host group")
    return { status: found.length === 0 ? 404 : 200, resources: found, errors }
  })
}

function makeGroups(started_ms: number) {
  const time = new Date(started_ms - 86_400_000).toISOString()
  return world.host_groups.map(({ id, name }, index) => ({
    id,
    name,
    // Falcon leaves the description out when nobody wrote one.
    ...(index % 2 === 0 && { description: `${company.name}: ${name}` }),
    ...(index % 2 === 0
      ? { group_type: "static", assignment_rule: `device_id:[],hostname:['${name}']` }
      : { group_type: "dynamic", assignment_rule: `tags:'FalconGroupingTags/${index}'` }),
    created_by: "admin@example.com",
    created_timestamp: time,
    modified_by: "admin@example.com",
    modified_timestamp: time,
  }))
}
