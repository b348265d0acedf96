/** The graph around a process, made anew from its id whenever somebody looks: nothing is stored. */
import { Random } from "../events/random.ts"
import { company, type Host, hashesOf, world } from "../events/world.ts"
import type { Emitted } from "./emitted.ts"

const vertex_types: Readonly<Record<string, { readonly path: string; readonly name: string }>> = {
  pid: { path: "processes", name: "process" },
  mod: { path: "modules", name: "module" },
  dns: { path: "domains", name: "domain" },
  aid: { path: "devices", name: "sensor" },
  uid: { path: "users", name: "user" },
  uses: { path: "user-sessions", name: "user_session" },
  ctg: { path: "control-graphs", name: "control_graph" },
}

/** One process in so many asked for so many names that its edges come in pages. */
const busy_interval = 8
/** One vertex in so many is gone when it is asked for. */
const aged_interval = 40

/** What leaves a process: the ids of the vertices at the far end. */
const leaving: Readonly<Record<string, (random: Random, host: Host) => string[]>> = {
  child_process: (random, host) => random.list(0, 3, () => `pid:${host.agent_id}:${random.digits(12)}`),
  parent_process: (random, host) => [`pid:${host.agent_id}:${random.digits(12)}`],
  primary_module: (random, host) => [moduleOf(random, host)],
  loaded_module: (random, host) => random.list(0, 12, () => moduleOf(random, host)),
  wrote_module: (random, host) => random.list(0, 2, () => moduleOf(random, host)),
  dns_request: (random, host) => {
    const [fewest, most] = random.int(1, busy_interval) === 1 ? [130, 260] : [0, 4]
    return random.list(fewest, most, (index) => `dns:${host.agent_id}:${domainOf(random, index)}`)
  },
  user: (_, host) => [`uid:${host.agent_id}:${host.user.sid}`],
  user_session: (random, host) => [`uses:${host.agent_id}:${random.int(1, 9) * 99_999}:1`],
  control_graph: (random, host) => [`ctg:${host.agent_id}:${random.digits(12)}`],
  associated_with_sensor: (_, host) => [`aid:${host.agent_id}:${host.agent_id}`],
  connected_ip4: (random, host) => random.list(0, 2, () => `ip4:${host.agent_id}:${random.ipv4()}`),
  triggered_indicator: (random, host) => [`ind:${host.agent_id}:${random.digits(12)}-10197`],
}

const moduleOf = (random: Random, host: Host): string => `mod:${host.agent_id}:${random.int(10_000, 10_039)}`
/** Some names carry a port, so that their id has more colons than others. */
const domainOf = (random: Random, index: number): string =>
  `n${index}-${random.hex(4)}.example${random.chance(0.1) ? ":8443" : ""}`

const hosts = new Map(world.hosts.map((host) => [host.agent_id, host]))

/** The ids at the far end of the edges of one type; undefined for a vertex that does not exist. */
export function edgesOf(source_id: string, edge_type: string): readonly string[] | undefined {
  const { prefix, host } = parts(source_id)
  if (host === undefined || vertex_types[prefix] === undefined) return undefined
  const make = prefix === "pid" ? leaving[edge_type] : undefined
  return make === undefined ? [] : [...new Set(make(seeded(`${source_id} ${edge_type}`), host))]
}

/** A vertex as `GET /threatgraph/entities/<path>/v1` gives it; undefined when it does not exist (any more). */
export function vertexOf(path: string, id: string): unknown {
  const { prefix, host, object_id } = parts(id)
  const type = vertex_types[prefix]
  const random = seeded(id)
  if (host === undefined || type === undefined || (path !== type.path && path !== "any-vertex")) return undefined
  if (prefix !== "aid" && random.int(1, aged_interval) === 1) return undefined
  return {
    id,
    customer_id: company.cid,
    scope: "device",
    object_id,
    device_id: host.agent_id,
    vertex_type: type.name,
    timestamp: new Date(Date.UTC(2026, 0, 1) + random.int(0, 10 ** 9)).toISOString(),
    properties: properties(prefix, object_id, host, random),
  }
}

/** Where a detection points to. With a bound, all of them point to so many processes. */
export function processesOf(detection: Emitted, bound: number | undefined) {
  const { agent_id, process_id, parent_id, id } = detection
  if (process_id === undefined) return { process: undefined, parent: undefined }
  if (bound === undefined) return { process: pid(agent_id, process_id), parent: parent_id && pid(agent_id, parent_id) }
  const index = seeded(id).int(0, bound - 1)
  return { process: nth(index), parent: nth((index * 7 + 3) % bound) }
}

const pid = (agent_id: string, process_id: string): string => `pid:${agent_id}:${process_id}`
const nth = (index: number): string =>
  pid(world.hosts[index % world.hosts.length]!.agent_id, String(100_000_000_000 + index))

/** Numbers above 2^53 and with a fraction of zero: a client that parses them changes them. */
function properties(prefix: string, object_id: string, host: Host, random: Random): Record<string, unknown> {
  const path = `C:\\Windows\\System32\\${random.hex(6)}.exe`
  if (prefix === "pid") {
    return {
      ImageFileName: path,
      CommandLine: `"${path}" -q "Überprüfung & <ok>"`,
      SHA256HashData: hashesOf(path).sha256,
      UserSid: host.user.sid,
      RawProcessId: random.digits(5),
      TargetProcessId: literal(String(random.bigint(10n ** 18n, 2n * 10n ** 18n))),
      Score: literal(`${random.int(1, 99)}.0`),
    }
  }
  if (prefix === "mod") return { TargetFileName: path, ...hashesOf(path), ModuleCharacteristics: object_id }
  if (prefix === "dns") return { DomainName: object_id, RequestType: "1" }
  if (prefix === "aid")
    return { ComputerName: host.hostname, LocalAddressIP4: host.local_ip, MachineDomain: host.domain }
  return { UserName: host.user.login, UserSid: host.user.sid, AuthenticationId: literal(String(2n ** 60n + 1n)) }
}

/** A number whose digits are written as they are. */
const literal = (digits: string): unknown =>
  (JSON as unknown as { readonly rawJSON: (text: string) => unknown }).rawJSON(digits)

function parts(id: string) {
  const [prefix = "", agent_id = "", ...rest] = id.split(":")
  return { prefix, host: hosts.get(agent_id), object_id: rest.length === 0 ? agent_id : rest.join(":") }
}

/** Draws the same for the same text. FNV-1a. */
function seeded(text: string): Random {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return new Random(hash >>> 0)
}
