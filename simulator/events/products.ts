import { drawMitreAttack, getTechnique, mitreAttack, techniques } from "./attack.ts"
import type { JsonObject } from "./json.ts"
import { drawScene } from "./processes.ts"
import type { Random } from "./random.ts"
import { drawSeverity } from "./severity.ts"
import { documents } from "./text.ts"
import { drawTime, toIsoNanoseconds, toNanoseconds, toSeconds } from "./times.ts"
import { company, hashesOf, makeCompositeId, makeConsoleLink, world } from "./world.ts"

const hour_ms = 3_600_000

/** Detection across products; its lists are texts joined by commas, its times nanoseconds or, sometimes, milliseconds. */
export function makeXdrDetection(random: Random): JsonObject {
  const hosts = random.sample(world.hosts, random.int(1, 6))
  const used = random.sample(techniques, random.int(1, 3))
  const pattern_id = random.int(60_000, 60_099)
  const started_ms = drawTime(random)
  const ended_ms = started_ms + random.int(1, 48) * hour_ms
  const in_ns = random.chance(0.7)
  return {
    Author: random.pick(world.users).email,
    CompositeId: makeCompositeId(random, hosts[0]!.agent_id, pattern_id),
    DetectId: `${company.cid}:xdr:${random.uuid()}`,
    DataDomains: "Endpoint,Email,Identity",
    Description: `Correlated activity on ${hosts.length} host(s): ${used.map((one) => one.technique).join("; ")}`,
    Name: random.pick(["Phishing followed by execution", "Lateral movement & exfiltration", "不審なログインの連鎖"]),
    StartTimeEpoch: in_ns ? toNanoseconds(random, started_ms) : started_ms,
    EndTimeEpoch: in_ns ? toNanoseconds(random, ended_ms) : ended_ms,
    HostNames: hosts.map((host) => host.hostname).join(","),
    IPv4Addresses: hosts.map((host) => host.local_ip).join(","),
    SensorIds: hosts.map((host) => host.agent_id).join(","),
    SHA256Hashes: hosts.map((host) => hashesOf(drawScene(random, host).process.path).sha256).join(","),
    PatternId: pattern_id,
    Severity: random.int(0, 100),
    SourceProducts: "Falcon Insight,Mail Gateway",
    SourceVendors: "CrowdStrike,Example",
    TacticIds: used.map((one) => one.tactic_id).join(","),
    Tactics: used.map((one) => one.tactic).join(","),
    TechniqueIds: used.map((one) => one.technique_id).join(","),
    Techniques: used.map((one) => one.technique).join(","),
    XdrType: "xdr-scheduled-search",
  }
}

/** A lead that the product composed out of weak signals on one host. */
export function makeAutomatedLead(random: Random): JsonObject {
  const host = random.pick(world.hosts)
  const composite_id = makeCompositeId(random, host.agent_id, random.int(5_700, 5_799))
  const started = toSeconds(drawTime(random))
  const indicators = random.list(1, 6, () => {
    const scene = drawScene(random, host)
    return {
      Description: scene.description,
      DisplayName: scene.name,
      HostId: host.agent_id,
      Hostname: host.hostname,
      IndicatorId: `ind:${host.agent_id}:${random.digits(12)}-${scene.pattern_id}-${random.digits(7)}`,
      PatternDisposition: 0,
      PatternId: scene.pattern_id,
      ProcessId: random.digits(12),
      Severity: random.int(10, 60),
      SignalAssociationTimestamp: started + random.int(0, 3_600),
      TemplateInstanceId: random.int(1, 5_000),
    }
  })
  return {
    CompositeId: composite_id,
    LeadId: random.hex(64),
    LeadType: "endpoint",
    Name: `Automated lead on ${host.hostname}`,
    Score: random.int(50, 100),
    SignalStartTimestamp: started,
    SignalUpdatedTimestamp: started + 3_600,
    SignalEndTimestamp: started + 7_200,
    FalconHostLink: makeConsoleLink(random, `automated-leads/${composite_id}`),
    MitreAttack: drawMitreAttack(random, random.int(10_000, 10_500)),
    ThreatgraphIndicators: indicators,
  }
}

/** Data leaving a host against a policy. */
export function makeDataProtectionDetection(random: Random): JsonObject {
  const host = random.pick(world.hosts)
  const technique = getTechnique(random.pick(["T1567.002", "T1052.001"]))
  const policy = random.pick(world.data_policies)
  const classification = random.pick(world.classifications)
  const pattern_id = random.int(900_000, 900_020)
  const composite_id = makeCompositeId(random, host.agent_id, pattern_id)
  const started = toSeconds(drawTime(random))
  const filename = random.pick(documents)
  return {
    AgentId: host.agent_id,
    CompositeId: composite_id,
    Hostname: host.hostname,
    Platform: host.platform,
    UserName: host.user.full_name,
    UserSid: host.platform === "Windows" ? host.user.sid : "",
    UserMapped: true,
    UserNotified: random.chance(0.5),
    Name: "Sensitive data egress",
    Description: `"${filename}" matched ${classification.name}`,
    DetectionType: "rule_based",
    Filename: filename,
    FileType: {
      Type: {
        ID: random.hex(32),
        Name: "OOXML",
        Description: "Office Open XML (.docx, .xlsx, …)",
        CategoryID: random.hex(32),
        CategoryName: "Documents",
      },
    },
    FilesEgressedCount: random.int(1, 20),
    DataVolume: random.int(10_000, 90_000_000),
    ContentSha: hashesOf(filename).sha256,
    ContentPatterns: random.list(1, 3, () => {
      const { id, name } = random.pick(world.classifications)
      return { ID: id, Name: name, ConfidenceLevel: random.int(1, 3), MatchCount: random.int(1, 900) }
    }),
    MatchedClassification: { ID: classification.id, Name: classification.name },
    RelatedClassifications: random
      .sample(world.classifications, random.int(0, 2))
      .map(({ id, name }) => ({ ID: id, Name: name })),
    Destination: { Channel: random.pick(["Web", "Removable storage", "Clipboard"]) },
    IsClipboard: random.chance(0.2),
    EgressEventId: random.hex(32),
    EgressSessionId: `${host.agent_id}_${random.digits(12)}`,
    EventTimestamp: started + 60,
    SessionStartTimestamp: started,
    SessionEndTimestamp: started + 120,
    FalconHostLink: makeConsoleLink(random, `data-protection/detections/${composite_id}`),
    MitreAttack: [mitreAttack(technique)],
    PatternId: pattern_id,
    Policy: { ID: policy.id, Name: policy.name },
    ResponseAction: random.pick(["allow", "block", "simulate_block"]),
    RuleId: random.hex(32),
    ...drawSeverity(random),
    Tactic: technique.tactic,
    TacticId: technique.tactic_id,
    Technique: technique.technique,
    TechniqueId: technique.technique_id,
  }
}

/** Finding of the hunters; its time is an ISO text. */
export function makeOverwatchDetection(random: Random): JsonObject {
  const host = random.pick(world.hosts)
  const composite_id = makeCompositeId(random, host.agent_id, 10_304)
  return {
    Category: "Hunting",
    CompositeId: composite_id,
    DisplayName: "Hands-on-keyboard activity",
    Name: "OverWatchHuntingLead",
    Description: `An operator seems to work on ${host.hostname} as ${host.user.full_name}.\n\nSee the process tree.`,
    FalconHostLink: makeConsoleLink(random, `activity-v2/detections/${composite_id}`),
    MitreAttack: drawMitreAttack(random),
    ...drawSeverity(random),
    Timestamp: toIsoNanoseconds(random, drawTime(random)),
  }
}

/** An incident as the console groups detections into one. A few lack the id, which the link then still holds. */
export function makeIncident(random: Random): JsonObject {
  const host = random.pick(world.hosts)
  const moved_to = random.sample(world.hosts, random.int(0, 3))
  const incident_id = `inc:${host.agent_id}:${random.hex(32)}`
  const started = toSeconds(drawTime(random))
  return {
    ...(random.chance(0.9) && { IncidentID: incident_id }),
    IncidentType: random.int(1, 4),
    IncidentStartTime: started,
    IncidentEndTime: started + random.int(60, 90_000),
    HostID: host.agent_id,
    LMHostIDs: moved_to.map((other) => other.agent_id),
    LateralMovement: moved_to.length > 0 ? 1 : 0,
    FineScore: random.int(1, 100) / 10,
    State: random.pick(["open", "closed", "reopened"]),
    FalconHostLink: makeConsoleLink(random, `crowdscore/incidents/details/${incident_id}`),
  }
}
