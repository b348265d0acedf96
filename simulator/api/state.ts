import { Random } from "../events/random.ts"
import { company, type Host, makeCompositeId, type Platform, world } from "../events/world.ts"
import type { SimulatorSettings } from "../options.ts"
import { type CaseState, makeCases } from "./cases-state.ts"

/** What has been done to a host. */
export interface HostDeeds {
  contained: boolean
  /** When `contained` changed; until `containment_ms` later the change is pending. */
  changed_ms: number
  hidden: boolean
  suppressed: boolean
  /** A policy has taken its files away from the network. */
  filesystem_contained: boolean
  /** `FalconGroupingTags/…` that calls have given and not taken away. */
  tags: readonly string[]
}

/** A host and what has been done to it. */
export interface HostState extends HostDeeds {
  readonly agent_id: string
  readonly hostname: string
  readonly platform: Platform
  readonly local_ip: string
  readonly mac: string
  readonly domain: string
  readonly groups: readonly string[]
  readonly user: string
  readonly online: boolean
}

/** An alert and what has been done to it. */
export interface AlertState {
  readonly composite_id: string
  readonly agent_id: string
  readonly pattern_id: number
  readonly severity: number
  readonly created_ms: number
  status: string
  updated_ms: number
  comments: { value: string; timestamp: string; falcon_user_id: string }[]
  tags: string[]
  assigned: { readonly uuid: string; readonly uid: string; readonly name: string } | undefined
  show_in_ui: boolean
}

/** A prevention policy. */
export interface PolicyState {
  readonly id: string
  readonly platform_name: string
  readonly created_ms: number
  name: string
  description: string
  enabled: boolean
  modified_ms: number
  groups: string[]
  rule_groups: string[]
  /** Values by setting id; the others are off. */
  settings: Record<string, Readonly<Record<string, unknown>>>
}

/** An incident with its one behavior. */
export interface IncidentState {
  readonly incident_id: string
  readonly behavior_id: string
  readonly agent_id: string
  readonly created_ms: number
}

/** One request to the API as it was understood. */
export interface ApiRequest {
  readonly at_ms: number
  readonly method: string
  readonly path: string
  readonly query_keys: readonly string[]
  /** Ids or rows that it carried. */
  readonly ids: number
  status: number
}

/** The memory of the API, as plain data; everything by its id. */
export interface ApiState {
  /** The latest requests, oldest first. */
  readonly requests: ApiRequest[]
  readonly hosts: Record<string, HostState>
  readonly alerts: Record<string, AlertState>
  readonly policies: Record<string, PolicyState>
  readonly incidents: Record<string, IncidentState>
  readonly cases: Record<string, CaseState>
  policies_made: number
  cases_made: number
}

/** What a tenant has before anybody calls; the same for the same seed. */
export function makeApiState(settings: SimulatorSettings, now: number): ApiState {
  const random = new Random(settings.seed)
  const hosts = Array.from({ length: settings.hosts }, (_, index) => {
    const known = world.hosts[index]
    return known === undefined ? makeHost(random, index) : fromWorld(known, random)
  })
  for (const host of hosts.slice(0, settings.filesystem_contained)) host.filesystem_contained = true
  const state: ApiState = {
    requests: [],
    hosts: byId(hosts, (host) => host.agent_id),
    alerts: {},
    policies: byId(makePolicies(now), (policy) => policy.id),
    incidents: {},
    cases: byId(makeCases(now), (one) => one.id),
    policies_made: 0,
    cases_made: 0,
  }
  const agent = (index: number) => hosts[index % Math.max(1, hosts.length)]?.agent_id ?? random.hex(32)
  for (let index = 0; index < settings.alerts; index++) {
    const alert = makeAlert(random, agent(index), now)
    state.alerts[alert.composite_id] = alert
  }
  for (let index = 0; index < 20; index++) {
    const agent_id = agent(index)
    const incident_id = `inc:${agent_id}:${random.hex(32)}`
    const behavior_id = `ind:${agent_id}:${random.digits(12)}-${10_000 + index}`
    state.incidents[incident_id] = { incident_id, behavior_id, agent_id, created_ms: now - random.int(0, 10 ** 9) }
  }
  return state
}

function byId<Item>(items: readonly Item[], idOf: (item: Item) => string): Record<string, Item> {
  return Object.fromEntries(items.map((item) => [idOf(item), item]))
}

/** A host that nobody did anything to. */
export const untouched: HostDeeds = {
  contained: false,
  changed_ms: Number.NEGATIVE_INFINITY,
  hidden: false,
  suppressed: false,
  filesystem_contained: false,
  tags: [],
}

function fromWorld(host: Host, random: Random): HostState {
  const { agent_id, hostname, platform, local_ip, mac, domain, groups, user } = host
  const group_ids = groups === "" ? [] : groups.split(",")
  const online = random.chance(0.8)
  return {
    agent_id,
    hostname,
    platform,
    local_ip,
    mac,
    domain,
    groups: group_ids,
    user: user.login,
    online,
    ...untouched,
  }
}

function makeHost(random: Random, index: number): HostState {
  return {
    agent_id: random.hex(32),
    hostname: `GEN-${String(index).padStart(6, "0")}`,
    platform: random.pick<Platform>(["Windows", "Windows", "Mac", "Linux"]),
    local_ip: `10.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
    mac: `02-00-00-${[index >> 16, index >> 8, index].map((part) => (part & 255).toString(16).padStart(2, "0")).join("-")}`,
    domain: "",
    groups: [],
    user: random.pick(world.users).login,
    online: random.chance(0.8),
    ...untouched,
  }
}

function makeAlert(random: Random, agent_id: string, now: number): AlertState {
  const pattern_id = random.int(10_000, 60_000)
  const created_ms = now - random.int(0, 7 * 86_400_000)
  return {
    composite_id: makeCompositeId(random, agent_id, pattern_id),
    agent_id,
    pattern_id,
    severity: random.pick([10, 30, 50, 70, 90]),
    created_ms,
    status: "new",
    updated_ms: created_ms,
    comments: [],
    tags: [],
    assigned: undefined,
    show_in_ui: true,
  }
}

/** One Default policy for each platform, and four of the company's own. */
function makePolicies(now: number): PolicyState[] {
  const random = new Random(7)
  const named: readonly (readonly [string, string, boolean])[] = [
    [default_policy, "Windows", true],
    [default_policy, "Mac", true],
    [default_policy, "Linux", true],
    ["Servers", "Windows", true],
    ["Kiosks à quai", "Windows", false],
    ["VIP 役員", "Mac", true],
    ["Linux prod", "Linux", false],
  ]
  return named.map(([name, platform_name, enabled]) => ({
    id: random.hex(32),
    platform_name,
    created_ms: now,
    name,
    description: `${company.name}: ${name}`,
    enabled,
    modified_ms: now,
    groups: [],
    rule_groups: [],
    settings: { CloudAntiMalware: { detection: "MODERATE", prevention: "CAUTIOUS" } },
  }))
}

/** The policy of a platform that cannot be deleted. */
export const default_policy = "platform_default"
