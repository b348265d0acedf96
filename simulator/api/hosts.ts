import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { company } from "../events/world.ts"
import { factOf } from "./facts.ts"
import { parseFql } from "./fql.ts"
import { type Call, known, type Reply, serve } from "./serve.ts"
import type { HostState } from "./state.ts"

const scroll_life_ms = 120_000
const hide_max = 100

/** Hosts: looked up, searched, contained. */
export function hostRoutes(app: Hono, sim: SimContext): void {
  const { hosts } = sim.api
  serve(app, sim, factOf("POST", "/devices/entities/devices/v2"), ({ list, now }) => {
    const { found, errors } = known(hosts, list, "host")
    return { resources: found.map((host) => deviceEntity(sim, host, now)), errors }
  })
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
  serve(app, sim, factOf("GET", "/devices/queries/devices-scroll/v1"), (call) => scroll(sim, call))
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

function scroll(sim: SimContext, { query, now }: Call): Reply {
  const refuse = (message: string): Reply => ({ status: 400, errors: [{ code: 400, message }], resources: [] })
  const limit = Number(query.get("limit") ?? 100)
  if (!(limit >= 1 && limit <= 10_000)) return refuse("limit: 1 to 10000")
  const start = startOf(query.get("offset"), now)
  if (start === undefined) return refuse("invalid or expired offset")
  const filter = query.get("filter")
  const test = filter === null || filter === "" ? () => true : parseFql(filter)
  if (test === undefined) return refuse("invalid filter expression supplied")
  const order = orderOf(query.get("sort"))
  if (order === undefined) return refuse("invalid sort expression supplied")
  const entities = Object.values(sim.api.hosts)
    .filter((host) => !host.hidden)
    .map((host) => deviceEntity(sim, host, now))
    .filter(test)
    .sort(order)
  const end = start + limit
  const expires_ms = now + scroll_life_ms
  const offset = end < entities.length ? Buffer.from(`scroll ${end} ${expires_ms}`).toString("base64url") : ""
  return {
    resources: entities.slice(start, end).map((entity) => entity.device_id),
    meta: { pagination: { offset, limit, total: entities.length, expires_at: expires_ms * 1_000_000 } },
  }
}

/** The position that an offset stands for. */
function startOf(offset: string | null, now: number): number | undefined {
  if (offset === null || offset === "") return 0
  const [word, position, expires_ms] = Buffer.from(offset, "base64url").toString().split(" ")
  return word === "scroll" && now < Number(expires_ms) ? Number(position) : undefined
}

type Entity = ReturnType<typeof deviceEntity>

function orderOf(sort: string | null): ((one: Entity, other: Entity) => number) | undefined {
  const [key = "", direction = "asc"] = (sort ?? "device_id.asc").toLowerCase().split(/[.|]/)
  if (!sortable.has(key) || (direction !== "asc" && direction !== "desc")) return undefined
  const sign = direction === "asc" ? 1 : -1
  const textOf = (entity: Entity) => String(entity[key as keyof Entity])
  return (one, other) => (textOf(one) < textOf(other) ? -sign : sign)
}

const sortable: ReadonlySet<string> = new Set(["device_id", "hostname", "platform_name", "last_seen", "status"])

function deviceEntity(sim: SimContext, host: HostState, now: number) {
  return {
    device_id: host.agent_id,
    cid: company.cid,
    hostname: host.hostname,
    platform_name: host.platform,
    status: statusOf(host, now, sim.settings.containment_ms),
    filesystem_containment_status: "normal",
    local_ip: host.local_ip,
    mac_address: host.mac,
    machine_domain: host.domain,
    product_type_desc: host.hostname.includes("SRV") ? "Server" : "Workstation",
    agent_version: "7.20.19000.0",
    last_login_user: host.user,
    first_seen: iso(sim.started_ms - 86_400_000),
    last_seen: iso(now),
    groups: host.groups,
    tags: [],
    ou: null,
  }
}

function statusOf(host: HostState, now: number, containment_ms: number): string {
  const pending = now < host.changed_ms + containment_ms
  if (host.contained) return pending ? "containment_pending" : "contained"
  return pending ? "lift_containment_pending" : "normal"
}

function iso(time_ms: number): string {
  return new Date(time_ms).toISOString()
}
