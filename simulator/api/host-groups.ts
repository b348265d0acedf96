import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { company, world } from "../events/world.ts"
import { combined_host_groups } from "./asset-facts.ts"
import { factOf } from "./facts.ts"
import { group_properties } from "./filters.ts"
import { query_host_groups } from "./list-facts.ts"
import { pageOf } from "./pages.ts"
import { known, serve } from "./serve.ts"

/** The host groups of the company: searched, and looked up. */
export function hostGroupRoutes(app: Hono, sim: SimContext): void {
  const groups = makeGroups(sim.started_ms)
  const by_id = Object.fromEntries(groups.map((group) => [group.id, group]))
  serve(app, sim, combined_host_groups, (call) => pageOf(groups, group_properties, call, (group) => group))
  serve(app, sim, query_host_groups, (call) => pageOf(groups, group_properties, call, ({ id }) => id))
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
