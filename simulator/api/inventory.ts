import { company } from "../events/world.ts"
import type { SimulatorSettings } from "../options.ts"
import { Fleet } from "./fleet.ts"
import type { ApiState, HostState } from "./state.ts"

type Entity = Readonly<Record<string, unknown>>

/** A row is a host: first those that the events are about, then the fleet. */
export class Inventory {
  readonly fleet: Fleet
  readonly #hosts: readonly HostState[]

  constructor(
    readonly settings: SimulatorSettings,
    readonly api: ApiState,
    readonly started_ms: number,
  ) {
    const { seed, fleet, fleet_nameless } = settings
    this.fleet = new Fleet(seed, fleet, new Set(fleet_nameless), started_ms)
    this.#hosts = Object.values(api.hosts)
  }

  /** Every host that is not hidden or gone. */
  rows(): number[] {
    const rows: number[] = []
    for (const [row, host] of this.#hosts.entries()) if (!host.hidden) rows.push(row)
    const { size } = this.fleet
    for (let index = 0; index < size; index++) if (this.fleet.has(index)) rows.push(this.#hosts.length + index)
    return rows
  }

  id(row: number): string {
    return this.#hosts[row]?.agent_id ?? this.fleet.id(row - this.#hosts.length)
  }

  modifiedMs(row: number, now: number): number {
    const host = this.#hosts[row]
    return host === undefined ? this.fleet.modifiedMs(row - this.#hosts.length) : this.#changedMs(host, now)
  }

  firstSeenMs(row: number): number {
    const index = row - this.#hosts.length
    return index < 0 ? this.started_ms - 86_400_000 : this.fleet.firstSeenMs(index)
  }

  entity(row: number, now: number): Entity {
    const host = this.#hosts[row]
    return host === undefined ? this.fleet.entity(row - this.#hosts.length) : this.#hostEntity(host, now)
  }

  /** Hosts by id, hidden ones too, and the ids that nobody knows. */
  find(ids: readonly string[], now: number): { found: Entity[]; errors: string[] } {
    const found: Entity[] = []
    const errors: string[] = []
    for (const id of ids) {
      const host = Object.hasOwn(this.api.hosts, id) ? this.api.hosts[id] : undefined
      const index = host === undefined ? this.fleet.indexOf(id) : -1
      if (host !== undefined) found.push(this.#hostEntity(host, now))
      else if (index >= 0) found.push(this.fleet.entity(index))
      else errors.push(id)
    }
    return { found, errors }
  }

  /** Containment changes a host twice: when it is asked for, and when it is done. */
  #changedMs(host: HostState, now: number): number {
    const done_ms = host.changed_ms + this.settings.containment_ms
    const base_ms = this.started_ms - 86_400_000
    return Math.max(base_ms, now < done_ms ? host.changed_ms : done_ms)
  }

  #hostEntity(host: HostState, now: number) {
    return {
      device_id: host.agent_id,
      cid: company.cid,
      hostname: host.hostname,
      platform_name: host.platform,
      status: statusOf(host, now, this.settings.containment_ms),
      filesystem_containment_status: "normal",
      local_ip: host.local_ip,
      mac_address: host.mac,
      machine_domain: host.domain,
      product_type_desc: host.hostname.includes("SRV") ? "Server" : "Workstation",
      agent_version: "7.20.19000.0",
      last_login_user: host.user,
      first_seen: iso(this.started_ms - 86_400_000),
      last_seen: iso(now),
      modified_timestamp: iso(this.#changedMs(host, now)),
      groups: host.groups,
      tags: [],
      ou: null,
    }
  }
}

function statusOf(host: HostState, now: number, containment_ms: number): string {
  const pending = now < host.changed_ms + containment_ms
  if (host.contained) return pending ? "containment_pending" : "contained"
  return pending ? "lift_containment_pending" : "normal"
}

function iso(time_ms: number): string {
  return new Date(time_ms).toISOString()
}
