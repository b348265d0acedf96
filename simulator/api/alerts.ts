import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { company } from "../events/world.ts"
import { factOf } from "./facts.ts"
import { processesOf } from "./graph.ts"
import { type Call, known, type Reply, serve } from "./serve.ts"
import type { AlertState } from "./state.ts"

const statuses: readonly string[] = ["new", "in_progress", "reopened", "closed"]
const severity_names = ["Informational", "Low", "Medium", "High", "Critical"] as const

/** Alerts: looked up by composite id, commented, moved through their statuses, tagged. */
export function alertRoutes(app: Hono, sim: SimContext): void {
  const { alerts } = sim.api
  serve(app, sim, factOf("POST", "/alerts/entities/alerts/v2"), ({ list, now }) => {
    raise(sim, list, now)
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
  raise(sim, list, now)
  const { found, errors } = known(sim.api.alerts, list, "alert")
  for (const alert of found) {
    for (const deed of deeds) deed?.(alert)
    alert.updated_ms = now
  }
  return { status: found.length === 0 ? 400 : 200, errors }
}

/** Makes the alerts of the endpoint detections that the event stream tells of, when they are first asked for. */
function raise(sim: SimContext, ids: readonly unknown[], now: number): void {
  for (const id of ids.map(String)) {
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
    }
  }
}

/** The processes of an alert in the graph; both are null when it came from a scan of files. */
function graphFields(sim: SimContext, alert: AlertState) {
  const detection = sim.emitted().get(alert.composite_id)
  if (detection === undefined) return { parent_details: null }
  const { process, parent } = processesOf(detection, sim.settings.processes)
  return {
    triggering_process_graph_id: process ?? null,
    parent_details: parent === undefined ? null : { process_graph_id: parent },
  }
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
    severity_name: severity_names[Math.min(4, Math.floor(alert.severity / 20))],
    confidence: 80,
    created_timestamp: new Date(alert.created_ms).toISOString(),
    updated_timestamp: new Date(alert.updated_ms).toISOString(),
    tactic: "Execution",
    technique: "PowerShell",
    process_id: "147189326549",
    user_name: host?.user ?? null,
    ...graphFields(sim, alert),
    comments: alert.comments,
    tags: alert.tags,
    ...(host !== undefined && {
      device: { device_id: host.agent_id, hostname: host.hostname, platform_name: host.platform },
    }),
  }
}
