import type { SimContext } from "../context.ts"
import { company } from "../events/world.ts"
import { processesOf } from "./graph.ts"
import type { AlertState } from "./state.ts"

const severity_names = ["Informational", "Low", "Medium", "High", "Critical"] as const

/** An alert as the API shows it: what gofalcon's `DetectsAlert` marks as required, and what endpoint alerts have besides. */
export function alertEntity(sim: SimContext, alert: AlertState) {
  const host = sim.api.hosts[alert.agent_id]
  const created = new Date(alert.created_ms).toISOString()
  return {
    composite_id: alert.composite_id,
    ...constants,
    id: alert.composite_id.slice(company.cid.length + 1),
    agent_id: alert.agent_id,
    aggregate_id: `aggind:${alert.agent_id}:${alert.pattern_id}${alert.created_ms}`,
    pattern_id: alert.pattern_id,
    platform: host?.platform ?? "Windows",
    status: alert.status,
    severity: alert.severity,
    severity_name: severity_names[Math.min(4, Math.floor(alert.severity / 20))],
    show_in_ui: alert.show_in_ui,
    timestamp: created,
    created_timestamp: created,
    crawled_timestamp: created,
    updated_timestamp: new Date(alert.updated_ms).toISOString(),
    assigned_to_name: alert.assigned?.name ?? null,
    assigned_to_uid: alert.assigned?.uid ?? null,
    assigned_to_uuid: alert.assigned?.uuid ?? null,
    seconds_to_triaged: 0,
    seconds_to_resolved: 0,
    process_id: "147189326549",
    user_name: host?.user ?? null,
    ...graphFields(sim, alert),
    comments: alert.comments,
    tags: alert.tags,
    device: {
      device_id: alert.agent_id,
      cid: company.cid,
      hostname: host?.hostname ?? null,
      platform_name: host?.platform ?? "Windows",
      local_ip: host?.local_ip ?? null,
      mac_address: host?.mac ?? null,
      groups: host?.groups ?? [],
    },
  }
}

/** What all alerts of the simulator have in common. */
const constants = {
  cid: company.cid,
  origin_cid: company.cid,
  product: "epp",
  type: "ldt",
  name: "SuspiciousActivity",
  display_name: "Suspicious activity",
  description: "A process behaved in a way that attackers use.",
  scenario: "suspicious_activity",
  objective: "Follow Through",
  tactic: "Execution",
  tactic_id: "TA0002",
  technique: "PowerShell",
  technique_id: "T1059.001",
  mitre_attack: [
    { pattern_id: 0, tactic: "Execution", tactic_id: "TA0002", technique: "PowerShell", technique_id: "T1059.001" },
  ],
  confidence: 80,
  resolution: "",
  data_domains: ["Endpoint"],
  source_products: ["Falcon Insight"],
  source_vendors: ["CrowdStrike"],
  email_sent: false,
  external: false,
  is_aggregated: false,
  is_falcon_platform_ioa: false,
  linked_case_ids: [],
  linked_behavioral_detections: [],
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
