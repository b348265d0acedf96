import type { Technique } from "./attack.ts"
import { makeDisposition } from "./disposition.ts"
import type { Json, JsonObject } from "./json.ts"
import { drawScene, type Process, type Scene } from "./processes.ts"
import type { Random } from "./random.ts"
import { drawLevel, drawSeverity } from "./severity.ts"
import { documents } from "./text.ts"
import { drawTime, toSeconds } from "./times.ts"
import { company, type Host, hashesOf, makeCompositeId, makeConsoleLink, world } from "./world.ts"

/** Detection of the endpoint sensor. One in ten comes from an on-demand scan and has no process. */
export function makeEppDetection(random: Random): JsonObject {
  const host = random.pick(world.hosts)
  const scene = drawScene(random, host)
  const on_demand_scan = random.chance(0.1)
  const composite_id = makeCompositeId(random, host.agent_id, scene.pattern_id)
  const started_ms = drawTime(random)
  return {
    AgentId: host.agent_id,
    CompositeId: composite_id,
    Hostname: host.hostname,
    DataDomains: "Endpoint",
    FalconHostLink: makeConsoleLink(random, `activity-v2/detections/${composite_id}`),
    HostGroups: host.groups,
    LocalIP: host.local_ip,
    LocalIPv6: host.local_ipv6,
    LogonDomain: host.domain === "" ? "" : company.netbios,
    MACAddress: host.mac,
    Objective: "Falcon Detection Method",
    ...(on_demand_scan ? scannedFile(random, host, started_ms) : sceneFields(random, host, scene, started_ms)),
    ...tacticAndTechnique(scene.technique),
    ...makeDisposition(random, ["ContainmentFileSystem"]),
    PatternId: scene.pattern_id,
    ...drawSeverity(random),
    SourceProducts: "Falcon Insight",
    SourceVendors: "CrowdStrike",
    Type: on_demand_scan ? "ods" : "ldt",
    UserName: random.chance(0.2) ? host.user.full_name : host.user.login,
  }
}

/** Detection of the endpoint sensor as it was before 2024, with ids of the form `ldt:<agent id>:<n>`. */
export function makeLegacyDetection(random: Random): JsonObject {
  const host = random.pick(world.hosts)
  const { name, description, technique, pattern_id, process, parent, grandparent } = drawScene(random, host)
  const started_ms = drawTime(random)
  const tree_id = random.digits(11)
  return {
    DetectId: `ldt:${host.agent_id}:${tree_id}`,
    DetectName: name,
    DetectDescription: description,
    ComputerName: host.hostname,
    SensorId: host.agent_id,
    UserName: host.user.login,
    MachineDomain: host.domain,
    LocalIP: host.local_ip,
    MACAddress: host.mac,
    HostGroups: host.groups,
    FileName: process.file,
    FilePath: process.path,
    CommandLine: process.command,
    ...hashFields(process),
    AssociatedFile: random.chance(0.5) ? process.path : "",
    ParentImageFileName: parent.path,
    ParentCommandLine: parent.command,
    GrandparentImageFileName: grandparent.path,
    GrandparentCommandLine: grandparent.command,
    ProcessId: random.int(10 ** 11, 10 ** 12),
    ParentProcessId: random.int(10 ** 11, 10 ** 12),
    ...processTimes(random, started_ms),
    FalconHostLink: makeConsoleLink(random, `activity/detections/detail/${host.agent_id}/${tree_id}`),
    Objective: "Follow Through",
    ...tacticAndTechnique(technique),
    MitreAttack: [{ PatternID: pattern_id, Tactic: technique.tactic, Technique: technique.technique }],
    ...makeDisposition(random),
    PatternId: pattern_id,
    ...drawLevel(random),
    IOCType: random.chance(0.3) ? "hash_sha256" : "",
    IOCValue: hashesOf(process.path).sha256,
    Tags: "",
    ExecutablesWritten: random.chance(0.4) ? writtenFiles(random, host, started_ms) : null,
    NetworkAccesses: random.chance(0.4) ? networkAccesses(random, host, started_ms) : [],
    QuarantineFiles: random.chance(0.2)
      ? [{ ImageFileName: process.path, SHA256HashData: hashesOf(process.path).sha256 }]
      : null,
  }
}

/** Match of an indicator that the customer uploaded: a hash, a domain or an address. */
export function makeCustomerIoc(random: Random): JsonObject {
  const host = random.pick(world.hosts)
  const { process } = drawScene(random, host)
  const { md5, sha256 } = hashesOf(process.path)
  const seen_on_network = random.chance(0.5)
  const indicator: JsonObject = seen_on_network
    ? random.pick([
        { DomainName: `${random.hex(6)}.bad.example` },
        { IPv4: random.ipv4() },
        { IPv6: `2001:db8:dead::${random.hex(4)}` },
      ])
    : random.pick([{ MD5String: md5 }, { SHA256String: sha256 }])
  return {
    AgentIdString: host.agent_id,
    DeviceId: host.agent_id,
    ComputerName: host.hostname,
    CommandLine: seen_on_network ? "" : process.command,
    FileName: seen_on_network ? "" : process.file,
    FilePath: seen_on_network ? "" : process.path,
    ProcessId: random.digits(12),
    ParentProcessId: seen_on_network ? "" : random.digits(12),
    ProcessStartTime: toSeconds(drawTime(random)),
    ...indicator,
  }
}

function sceneFields(random: Random, host: Host, scene: Scene, started_ms: number): JsonObject {
  const { name, description, process, parent, grandparent } = scene
  return {
    Name: name,
    Description: description,
    AggregateId: `aggind:${host.agent_id}:${random.digits(12)}`,
    CommandLine: process.command,
    FileName: process.file,
    FilePath: process.path,
    ...hashFields(process),
    AssociatedFile: random.chance(0.3) ? process.path : "",
    ParentImageFileName: parent.file,
    ParentImageFilePath: parent.path,
    ParentCommandLine: parent.command,
    GrandParentImageFileName: grandparent.file,
    GrandParentImageFilePath: grandparent.path,
    GrandParentCommandLine: grandparent.command,
    ProcessId: sensorProcessId(random, host),
    ParentProcessId: sensorProcessId(random, host),
    ...processTimes(random, started_ms),
    ...(random.chance(0.15) && { IOCType: "hash_sha256", IOCValue: hashesOf(process.path).sha256 }),
    ...(random.chance(0.4) && { FilesWritten: writtenFiles(random, host, started_ms) }),
    ...(random.chance(0.4) && { NetworkAccesses: networkAccesses(random, host, started_ms) }),
    ...(random.chance(0.3) && { DnsRequests: dnsRequests(random, started_ms) }),
  }
}

function scannedFile(random: Random, host: Host, scanned_ms: number): JsonObject {
  const file = random.pick(documents)
  const path = downloadsOf(host) + file
  return {
    Name: "OnDemandScanMatch",
    Description: "An on-demand scan found a file that is known to be malicious.",
    FileName: file,
    FilePath: path,
    SHA256String: hashesOf(path).sha256,
    ProcessStartTime: toSeconds(scanned_ms),
    ProcessEndTime: 0,
  }
}

/** The sensor's own process ids: on Linux and macOS above 2^53. */
function sensorProcessId(random: Random, host: Host): bigint {
  if (host.platform === "Windows") return random.bigint(10n ** 11n, 10n ** 13n)
  return random.bigint(17n * 10n ** 17n, 18n * 10n ** 17n)
}

function hashFields(process: Process): JsonObject {
  const { md5, sha256 } = hashesOf(process.path)
  return { MD5String: md5, SHA1String: "0".repeat(40), SHA256String: sha256 }
}

function processTimes(random: Random, started_ms: number): JsonObject {
  const started = toSeconds(started_ms)
  return { ProcessStartTime: started, ProcessEndTime: random.chance(0.3) ? 0 : started + random.int(0, 900) }
}

function tacticAndTechnique(technique: Technique): JsonObject {
  return { Tactic: technique.tactic, Technique: technique.technique }
}

function writtenFiles(random: Random, host: Host, started_ms: number): Json[] {
  return random.list(1, 5, () => ({
    FileName: random.chance(0.5) ? random.pick(documents) : `${random.hex(8)}.tmp`,
    FilePath: downloadsOf(host),
    Timestamp: toSeconds(started_ms) + random.int(0, 300),
  }))
}

function networkAccesses(random: Random, host: Host, started_ms: number): Json[] {
  return random.list(1, 6, () => ({
    AccessType: random.int(0, 1),
    AccessTimestamp: toSeconds(started_ms) + random.int(0, 300),
    Protocol: random.pick(["TCP", "UDP"]),
    LocalAddress: host.local_ip,
    LocalPort: random.int(49_152, 65_535),
    RemoteAddress: random.ipv4(),
    RemotePort: random.pick([53, 80, 443, 445, 3389, 4444]),
    ConnectionDirection: random.int(0, 1),
    IsIPV6: false,
  }))
}

function dnsRequests(random: Random, started_ms: number): Json[] {
  return random.list(1, 6, () => ({
    DomainName: `${random.hex(5)}.${random.pick(["example", "test.example", "xn--bcher-kva.example"])}`,
    LoadTime: toSeconds(started_ms) + random.int(0, 300),
    RequestType: random.pick(["A", "AAAA", "TXT"]),
  }))
}

function downloadsOf(host: Host): string {
  const { login } = host.user
  if (host.platform === "Windows") return `C:\\Users\\${login}\\Downloads\\`
  return host.platform === "Mac" ? `/Users/${login}/Downloads/` : `/home/${login}/`
}
