import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { deedsOf } from "./alert-actions.ts"
import { alertEntity } from "./alert-entity.ts"
import { factOf } from "./facts.ts"
import { alert_properties, isRefusal, readFilter } from "./filters.ts"
import { combined_alerts } from "./list-facts.ts"
import { type Call, known, type Reply, serve } from "./serve.ts"

const window_max = 10_000
const page_max = 1_000

type Entity = Readonly<Record<string, unknown>>

/** Alerts: searched, looked up by composite id, changed. */
export function alertRoutes(app: Hono, sim: SimContext): void {
  serve(app, sim, factOf("GET", "/alerts/queries/alerts/v2"), (call) => search(sim, call))
  serve(app, sim, combined_alerts, (call) => combined(sim, call))
  serve(app, sim, factOf("POST", "/alerts/entities/alerts/v2"), ({ list, query, now }) => {
    raise(sim, list.map(String), now)
    const { found, errors } = known(sim.api.alerts, list, "alert")
    const shown = found.filter((alert) => alert.show_in_ui || query.get("include_hidden") !== "false")
    return { resources: shown.map((alert) => alertEntity(sim, alert)), errors }
  })
  serve(app, sim, factOf("PATCH", "/alerts/entities/alerts/v3"), (call) => change(sim, call))
  // Answered so since the older search was withdrawn (elastic/integrations issue 15963, which has the status alone).
  app.get("/alerts/queries/alerts/v1", (c) =>
    c.json({ errors: [{ code: 400, message: "Bad Request" }], resources: [] }, 400),
  )
}

/** Composite ids by filter, the latest first unless asked otherwise; `offset` is echoed. */
function search(sim: SimContext, { query, now }: Call): Reply {
  const offset = Number(query.get("offset") ?? 0)
  const limit = Number(query.get("limit") ?? 100)
  if (!(limit >= 0 && offset >= 0) || offset + limit > window_max) {
    return refuse(`limit + offset must be less than ${window_max}`)
  }
  const found = listed(sim, query, now)
  if (!Array.isArray(found)) return found
  return {
    resources: found.slice(offset, offset + limit).map(({ composite_id }) => composite_id),
    meta: { pagination: { offset, limit, total: found.length } },
  }
}

/** Whole alerts. `after` of the answer asks for the next page; the last one has none. */
function combined(sim: SimContext, { body, now }: Call): Reply {
  const texts = Object.entries(body).flatMap(([key, value]) => (typeof value === "string" ? [[key, value]] : []))
  const limit = Number(body.limit ?? 100)
  if (!(limit >= 1 && limit <= page_max)) return refuse(`limit: 1 to ${page_max}`)
  const start = Number(body.after === undefined ? 0 : Buffer.from(String(body.after), "base64url").toString())
  if (!Number.isInteger(start)) return refuse("invalid after")
  const found = listed(sim, new URLSearchParams(texts), now)
  if (!Array.isArray(found)) return found
  const end = start + limit
  const after = end < found.length ? { after: Buffer.from(String(end)).toString("base64url") } : {}
  return {
    resources: found.slice(start, end),
    meta: { pagination: { limit, total: found.length, ...after } },
  }
}

/** The alerts that `filter`, `q` and `include_hidden` leave, sorted; or the refusal. */
function listed(sim: SimContext, query: URLSearchParams, now: number): Entity[] | Reply {
  const filter = readFilter(query, alert_properties, now)
  if (isRefusal(filter)) return filter
  const [property = "", direction = "asc"] = (query.get("sort") ?? "created_timestamp|desc").split(/[.|]/)
  if (!alert_properties.has(property) || !["asc", "desc"].includes(direction)) return refuse("invalid sort")
  raise(sim, [...sim.emitted().keys()], now)
  const word = (query.get("q") ?? "").toLowerCase()
  const found = Object.values(sim.api.alerts)
    .filter((alert) => alert.show_in_ui || query.get("include_hidden") !== "false")
    .map((alert): Entity => alertEntity(sim, alert))
    .filter(filter.matches)
    .filter((alert) => word === "" || JSON.stringify(alert).toLowerCase().includes(word))
  const sign = direction === "desc" ? -1 : 1
  return found.sort((one, other) => sign * ordered(one[property], other[property]))
}

function ordered(one: unknown, other: unknown): number {
  if (typeof one === "number" && typeof other === "number") return one - other
  const [text, other_text] = [String(one ?? ""), String(other ?? "")]
  return text < other_text ? -1 : Number(text > other_text)
}

/** Refuses the whole request when one of its parameters is wrong. The answer has no resources (gofalcon `UpdateV3`). */
function change(sim: SimContext, { list, body, now }: Call): Reply {
  const parameters = Array.isArray(body.action_parameters) ? body.action_parameters : []
  const deeds = deedsOf(parameters, sim.people.console_users, now)
  if (deeds === undefined) return { status: 400, errors: [{ code: 400, message: "invalid action parameters" }] }
  raise(sim, list.map(String), now)
  const { found, errors } = known(sim.api.alerts, list, "alert")
  for (const alert of found) {
    for (const deed of deeds) deed(alert)
    alert.updated_ms = now
  }
  return {
    status: found.length === 0 ? 400 : 200,
    errors,
    meta: { writes: { resources_affected: found.length } },
  }
}

/** Makes the alerts of the endpoint detections that the event stream tells of, when they are first asked for. */
function raise(sim: SimContext, ids: readonly string[], now: number): void {
  for (const id of ids) {
    const detection = Object.hasOwn(sim.api.alerts, id) ? undefined : sim.emitted().get(id)
    if (detection === undefined || id.startsWith("ldt:")) continue
    const { agent_id, pattern_id, severity } = detection
    sim.api.alerts[id] = {
      composite_id: id,
      agent_id,
      pattern_id,
      severity,
      created_ms: now,
      status: "new",
      updated_ms: now,
      comments: [],
      tags: [],
      assigned: undefined,
      show_in_ui: true,
    }
  }
}

const refuse = (message: string): Reply => ({ status: 400, errors: [{ code: 400, message }], resources: [] })
