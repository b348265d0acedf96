import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { company } from "../events/world.ts"
import { factOf } from "./facts.ts"
import { combined, query, scroll } from "./host-lists.ts"
import { type Call, known, type Reply, serve } from "./serve.ts"
import type { HostState } from "./state.ts"

const hide_max = 100

/** Hosts: looked up, searched, contained. */
export function hostRoutes(app: Hono, sim: SimContext): void {
  const { hosts } = sim.api
  for (const method of ["POST", "GET"] as const) {
    serve(app, sim, factOf(method, "/devices/entities/devices/v2"), ({ list, now }) => {
      const { found, errors } = sim.inventory.find(list.map(String), now)
      return { resources: found, errors: errors.map((id) => ({ code: 404, message: "host not found", id })) }
    })
  }
  serve(app, sim, factOf("GET", "/devices/entities/online-state/v1"), ({ list, now }) => {
    const { found, errors } = known(hosts, list, "host")
    const resources = found.map((host) => ({
      id: host.agent_id,
      cid: company.cid,
      state: host.online ? "online" : "offline",
      last_seen: iso(now),
    }))
    return { resources, errors }
  })
  serve(app, sim, factOf("POST", "/devices/combined/devices/login-history/v2"), ({ list, query, now }) => {
    const { found, errors } = known(hosts, list, "host")
    const limit = Number(query.get("limit") ?? 10)
    const resources = found.map((host) => ({
      device_id: host.agent_id,
      cid: company.cid,
      recent_logins: [1, 2, 3]
        .slice(0, limit)
        .map((hour) => ({ login_time: iso(now - hour * 3_600_000), user_name: host.user })),
    }))
    return { resources, errors }
  })
  serve(app, sim, factOf("POST", "/devices/entities/devices-actions/v2"), (call) => act(sim, call))
  serve(app, sim, factOf("GET", "/devices/queries/devices/v1"), (call) => query(sim, call))
  serve(app, sim, factOf("GET", "/devices/queries/devices-scroll/v1"), (call) => scroll(sim, call))
  serve(app, sim, factOf("GET", "/devices/combined/devices/v1"), (call) => combined(sim, call))
}

/** 202: the state changes now, and shows as pending for a while. */
function act(sim: SimContext, { query, list, now }: Call): Reply {
  const action = query.get("action_name") ?? ""
  const deed = deeds[action]
  const refuse = (message: string): Reply => ({ status: 400, errors: [{ code: 400, message }], resources: [] })
  if (deed === undefined) return refuse(`unknown action_name: ${action}`)
  if (action.endsWith("hide_host") && list.length > hide_max) {
    return refuse(`too many ids: ${list.length}, maximum ${hide_max}`)
  }
  const { found, errors } = known(sim.api.hosts, list, "host")
  for (const host of found) deed(host, now)
  const resources = found.map((host) => ({
    id: host.agent_id,
    path: `/devices/entities/devices/v1?ids=${host.agent_id}`,
  }))
  return {
    status: found.length === 0 ? 400 : 202,
    resources,
    errors,
    meta: { writes: { resources_affected: found.length } },
  }
}

const deeds: Readonly<Record<string, (host: HostState, now: number) => void>> = {
  contain: (host, now) => contain(host, true, now),
  lift_containment: (host, now) => contain(host, false, now),
  hide_host: (host) => set(host, { hidden: true }),
  unhide_host: (host) => set(host, { hidden: false }),
  detection_suppress: (host) => set(host, { suppressed: true }),
  detection_unsuppress: (host) => set(host, { suppressed: false }),
}

function contain(host: HostState, contained: boolean, now: number): void {
  if (host.contained !== contained) set(host, { contained, changed_ms: now })
}

function set(host: HostState, changes: Partial<HostState>): void {
  Object.assign(host, changes)
}

function iso(time_ms: number): string {
  return new Date(time_ms).toISOString()
}
