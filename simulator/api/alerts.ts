import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { company } from "../events/world.ts"
import { factOf } from "./facts.ts"
import { type Call, known, type Reply, serve } from "./serve.ts"
import type { AlertState } from "./state.ts"

const statuses: readonly string[] = ["new", "in_progress", "reopened", "closed"]
const severity_names: Readonly<Record<number, string>> = {
  10: "Informational",
  30: "Low",
  50: "Medium",
  70: "High",
  90: "Critical",
}

/** Alerts: looked up by composite id, commented, moved through their statuses, tagged. */
export function alertRoutes(app: Hono, sim: SimContext): void {
  const { alerts } = sim.api
  serve(app, sim, factOf("POST", "/alerts/entities/alerts/v2"), ({ list }) => {
    const { found, errors } = known(alerts, list, "alert")
    return { resources: found.map((alert) => alertEntity(sim, alert)), errors }
  })
  serve(app, sim, factOf("PATCH", "/alerts/entities/alerts/v3"), (call) => change(sim, call))
}

/** Refuses the whole request when one of its parameters is wrong. The answer has no resources (gofalcon `UpdateV3`). */
function change(sim: SimContext, { list, body, now }: Call): Reply {
  const parameters = Array.isArray(body.action_parameters) ? body.action_parameters : []
  const deeds = parameters.map(({ name, value }) => deedOf(name, value, now))
  if (deeds.length === 0 || deeds.includes(undefined)) {
    return { status: 400, errors: [{ code: 400, message: "invalid action parameters" }] }
  }
  const { found, errors } = known(sim.api.alerts, list, "alert")
  for (const alert of found) {
    for (const deed of deeds) deed?.(alert)
    alert.updated_ms = now
  }
  return { status: found.length === 0 ? 400 : 200, errors }
}

/** What one parameter does to an alert; undefined when it means nothing. Values are strings, `true` is none. */
function deedOf(name: unknown, value: unknown, now: number): ((alert: AlertState) => void) | undefined {
  if (typeof value !== "string") return undefined
  if (name === "update_status" && statuses.includes(value)) {
    return (alert) => {
      alert.status = value
    }
  }
  if (name === "append_comment" && value !== "") {
    const comment = { value, timestamp: new Date(now).toISOString(), falcon_user_id: "api" }
    return (alert) => void alert.comments.push(comment)
  }
  if (name === "add_tag") return (alert) => void alert.tags.push(value)
  return undefined
}

function alertEntity(sim: SimContext, alert: AlertState) {
  const host = sim.api.hosts[alert.agent_id]
  return {
    composite_id: alert.composite_id,
    id: alert.composite_id.slice(company.cid.length + 1),
    cid: company.cid,
    agent_id: alert.agent_id,
    product: "epp",
    type: "ldt",
    name: "SuspiciousActivity",
    display_name: "Suspicious activity",
    pattern_id: alert.pattern_id,
    status: alert.status,
    severity: alert.severity,
    severity_name: severity_names[alert.severity],
    confidence: 80,
    created_timestamp: new Date(alert.created_ms).toISOString(),
    updated_timestamp: new Date(alert.updated_ms).toISOString(),
    tactic: "Execution",
    technique: "PowerShell",
    process_id: "147189326549",
    user_name: host?.user ?? null,
    parent_details: null,
    comments: alert.comments,
    tags: alert.tags,
    ...(host !== undefined && {
      device: { device_id: host.agent_id, hostname: host.hostname, platform_name: host.platform },
    }),
  }
}
