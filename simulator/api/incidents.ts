import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { company } from "../events/world.ts"
import { factOf } from "./facts.ts"
import { type Call, known, type Reply, serve } from "./serve.ts"
import type { IncidentState } from "./state.ts"

/**
 * Incidents and behaviors: withdrawn on 9 March 2026, so that everything below `/incidents` is answered with 404 and an empty
 * body (falcon-mcp issue 330) unless the scenario says otherwise.
 */
export function incidentRoutes(app: Hono, sim: SimContext): void {
  serve(
    app,
    sim,
    factOf("POST", "/incidents/entities/incidents/GET/v1"),
    unlessGone(sim, (incident) => incident.incident_id, incidentEntity),
  )
  serve(
    app,
    sim,
    factOf("POST", "/incidents/entities/behaviors/GET/v1"),
    unlessGone(sim, (incident) => incident.behavior_id, behaviorEntity),
  )
  app.all("/incidents/*", (c) => c.body(null, 404))
}

function unlessGone(
  sim: SimContext,
  idOf: (incident: IncidentState) => string,
  entity: (incident: IncidentState) => unknown,
): (call: Call) => Reply {
  return ({ list }) => {
    const { incidents } = sim.settings
    if (incidents === "not_found") return { status: 404, body: null }
    if (incidents === "gone") return { status: 410, errors: [{ code: 410, message: "Gone" }] }
    const all = Object.fromEntries(Object.values(sim.api.incidents).map((incident) => [idOf(incident), incident]))
    const { found, errors } = known(all, list, "resource")
    return { resources: found.map(entity), errors }
  }
}

function incidentEntity({ incident_id, agent_id, created_ms }: IncidentState) {
  const time = new Date(created_ms).toISOString()
  return {
    incident_id,
    cid: company.cid,
    host_ids: [agent_id],
    state: "closed",
    status: 20,
    fine_score: 45,
    tactics: ["Execution"],
    techniques: ["PowerShell"],
    objectives: ["Follow Through"],
    created: time,
    start: time,
    end: time,
    users: null,
    tags: [],
  }
}

function behaviorEntity({ incident_id, behavior_id, agent_id, created_ms }: IncidentState) {
  return {
    behavior_id,
    incident_id,
    cid: company.cid,
    aid: agent_id,
    pattern_id: 10_197,
    timestamp: new Date(created_ms).toISOString(),
    tactic: "Execution",
    technique: "PowerShell",
    user_name: null,
  }
}
