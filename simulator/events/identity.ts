import { getTechnique } from "./attack.ts"
import type { JsonObject } from "./json.ts"
import type { Random } from "./random.ts"
import { drawLevel, drawSeverity } from "./severity.ts"
import { drawTime, toFileTime } from "./times.ts"
import { company, makeConsoleLink, world } from "./world.ts"

const minute_ms = 60_000

const attacks = [
  { name: "Password spraying attack", technique: getTechnique("T1110.003"), text: "Many accounts failed to log on." },
  { name: "Kerberoasting", technique: getTechnique("T1558.003"), text: "Tickets of many services were requested." },
  { name: "Unusual RDP logon", technique: getTechnique("T1021.001"), text: "A host was used for the first time." },
] as const

/** Detection of the identity product; its times are FILETIMEs, above 2^53. */
export function makeIdpDetection(random: Random): JsonObject {
  const host = random.pick(world.hosts)
  const { user } = host
  const { name, technique, text } = random.pick(attacks)
  const detect_id = `${company.cid}:ind:${random.hex(32)}:${random.uuid().toUpperCase()}`
  const started_ms = drawTime(random)
  const ended_ms = started_ms + random.int(1, 90) * minute_ms
  return {
    ActivityId: random.uuid().toUpperCase(),
    ContextTimeStamp: toFileTime(random, ended_ms),
    DataDomains: "Identity",
    DetectDescription: `${text} Account: ${user.full_name} <${user.email}>`,
    DetectId: detect_id,
    DetectName: name,
    EndTime: toFileTime(random, ended_ms),
    FalconHostLink: makeConsoleLink(random, `identity-protection/detections/${detect_id}`),
    MostRecentActivityTimeStamp: toFileTime(random, ended_ms),
    Objective: "Keep Access",
    PatternId: random.int(51_100, 51_190),
    PrecedingActivityTimeStamp: toFileTime(random, started_ms),
    ...drawSeverity(random),
    SourceAccountDomain: company.directory,
    SourceAccountName: user.login,
    SourceAccountObjectSid: user.sid,
    SourceAccountUpn: user.email,
    SourceEndpointAccountObjectGuid: random.uuid().toUpperCase(),
    SourceEndpointAccountObjectSid: user.sid.replace(/\d+$/, random.digits(5)),
    SourceEndpointHostName: host.hostname,
    SourceEndpointIpAddress: host.local_ip,
    SourceEndpointSensorId: host.agent_id,
    SourceProducts: "Falcon Identity Protection",
    SourceVendors: "CrowdStrike",
    StartTime: toFileTime(random, started_ms),
    Tactic: technique.tactic,
    Technique: technique.technique,
  }
}

/** Incident of the identity product; its times are epoch milliseconds, its type drifts between number and text. */
export function makeIdentityIncident(random: Random): JsonObject {
  const host = random.pick(world.hosts)
  const incident_id = `INC-${random.int(1, 9_999)}`
  const started_ms = drawTime(random)
  const from_endpoint = random.chance(0.7)
  const { name, text } = random.pick(attacks)
  return {
    IncidentType: random.chance(0.2) ? random.int(1, 9) : name,
    IncidentDescription: text,
    ...drawLevel(random),
    StartTime: started_ms,
    EndTime: started_ms + random.int(1, 90) * minute_ms,
    IdentityProtectionIncidentId: incident_id,
    UserName: random.chance(0.5) ? host.user.full_name : `${company.directory}\\${host.user.login}`,
    EndpointName: from_endpoint ? host.hostname : "",
    EndpointIp: from_endpoint ? host.local_ip : "",
    Category: "Incidents",
    NumbersOfAlerts: random.int(1, 40),
    NumberOfCompromisedEntities: random.int(1, 3),
    State: random.pick(["NEW", "IN_PROGRESS", "AUTO_RESOLVED", "DISMISS"]),
    FalconHostLink: makeConsoleLink(random, `identity-protection/incidents/${incident_id}`),
  }
}
