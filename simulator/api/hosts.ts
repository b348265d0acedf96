import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { company } from "../events/world.ts"
import { factOf } from "./facts.ts"
import { combined, query, scroll } from "./host-lists.ts"
import { type ApiError, type Call, type Reply, serve } from "./serve.ts"
import type { HostDeeds } from "./state.ts"

const hide_max = 100

/** Hosts: looked up, searched, contained. */
export function hostRoutes(app: Hono, sim: SimContext): void {
  for (const method of ["POST", "GET"] as const) {
    serve(app, sim, factOf(method, "/devices/entities/devices/v2"), ({ list, now }) => {
      const { found, errors } = sim.inventory.find(list.map(String), now)
      return { resources: found, errors: errors.map((id) => ({ code: 404, message: "host not found", id })) }
    })
  }
  serve(app, sim, factOf("GET", "/devices/entities/online-state/v1"), ({ list, now }) => {
    const { found, errors } = lookUp(sim, list)
    const resources = found.map((id) => ({
      id,
      cid: company.cid,
      state: isOnline(sim, id) ? "online" : "offline",
      last_seen: iso(now),
    }))
    return { resources, errors }
  })
  serve(app, sim, factOf("POST", "/devices/combined/devices/login-history/v2"), ({ list, query, now }) => {
    const { found, errors } = lookUp(sim, list)
    const limit = Number(query.get("limit") ?? 10)
    const resources = found.map((device_id) => ({
      device_id,
      cid: company.cid,
      recent_logins: [1, 2, 3].slice(0, limit).map((hour) => ({
        login_time: iso(now - hour * 3_600_000),
        user_name: sim.api.hosts[device_id]?.user ?? "fleet",
      })),
    }))
    return { resources, errors }
  })
  serve(app, sim, factOf("POST", "/devices/entities/devices-actions/v2"), (call) => act(sim, call))
  serve(app, sim, factOf("PATCH", "/devices/entities/devices/tags/v1"), (call) => tag(sim, call))
  serve(app, sim, factOf("GET", "/devices/queries/devices/v1"), (call) => query(sim, call))
  serve(app, sim, factOf("GET", "/devices/queries/devices-scroll/v1"), (call) => scroll(sim, call))
  serve(app, sim, factOf("GET", "/devices/combined/devices/v1"), (call) => combined(sim, call))
}

/** The ids that hosts have, and an error for each of the others. */
function lookUp(sim: SimContext, list: readonly unknown[]) {
  const ids = list.map(String)
  const exists = (id: string) => sim.inventory.has(id)
  const errors = ids.filter((id) => !exists(id)).map((id): ApiError => ({ code: 404, message: "host not found", id }))
  return { found: ids.filter(exists), errors }
}

/** Most hosts of the fleet are online. */
const isOnline = (sim: SimContext, id: string): boolean =>
  sim.api.hosts[id]?.online ?? Number.parseInt(id.slice(-1), 16) > 2

/** 202: the state changes now, and shows as pending for a while. */
function act(sim: SimContext, { query, list, now }: Call): Reply {
  const action = query.get("action_name") ?? ""
  const deed = deeds[action]
  const refuse = (message: string): Reply => ({ status: 400, errors: [{ code: 400, message }], resources: [] })
  if (deed === undefined) return refuse(`unknown action_name: ${action}`)
  if (action.endsWith("hide_host") && list.length > hide_max) {
    return refuse(`too many ids: ${list.length}, maximum ${hide_max}`)
  }
  const { found, errors } = lookUp(sim, list)
  for (const id of found) deed(sim.inventory.deedsOf(id)!, now)
  const resources = found.map((id) => ({ id, path: `/devices/entities/devices/v1?ids=${id}` }))
  return {
    status: found.length === 0 ? 400 : 202,
    resources,
    errors,
    meta: { writes: { resources_affected: found.length } },
  }
}

const tags_max = 50

/** The answer tells of each device (gofalcon `DeviceapiUpdateDeviceDetailsResponseV1`). Tags count by their exact case. */
function tag(sim: SimContext, { body, list }: Call): Reply {
  const tags = Array.isArray(body.tags) ? body.tags.map(String) : []
  const wrong = tags.length === 0 || tags.length > tags_max || tags.some((one) => !/^FalconGroupingTags\/.+/.test(one))
  if (wrong) return { status: 400, errors: [{ code: 400, message: "invalid tags" }], resources: [] }
  const resources = list.map(String).map((device_id) => {
    const host = sim.inventory.has(device_id) ? sim.inventory.deedsOf(device_id) : undefined
    if (host === undefined) return { device_id, updated: false, code: 404, error: "device not found" }
    const others = host.tags.filter((one) => !tags.includes(one))
    const now = body.action === "add" ? [...others, ...tags] : others
    const updated = now.length !== host.tags.length
    set(host, { tags: now })
    return { device_id, updated, code: 200 }
  })
  return { resources }
}

const deeds: Readonly<Record<string, (host: HostDeeds, now: number) => void>> = {
  contain: (host, now) => contain(host, true, now),
  lift_containment: (host, now) => contain(host, false, now),
  hide_host: (host) => set(host, { hidden: true }),
  unhide_host: (host) => set(host, { hidden: false }),
  detection_suppress: (host) => set(host, { suppressed: true }),
  detection_unsuppress: (host) => set(host, { suppressed: false }),
  lift_filesystem_containment_all: (host) => set(host, { filesystem_contained: false }),
}

function contain(host: HostDeeds, contained: boolean, now: number): void {
  if (host.contained !== contained) set(host, { contained, changed_ms: now })
}

function set(host: HostDeeds, changes: Partial<HostDeeds>): void {
  Object.assign(host, changes)
}

function iso(time_ms: number): string {
  return new Date(time_ms).toISOString()
}
