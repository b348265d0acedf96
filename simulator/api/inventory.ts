import type { SimulatorSettings } from "../options.ts"
import { Fleet } from "./fleet.ts"
import { hostEntity } from "./host-entity.ts"
import { type ApiState, type HostDeeds, type HostState, untouched } from "./state.ts"

const day_ms = 86_400_000

type Entity = Readonly<Record<string, unknown>>

/** A row is a host: first those that the events are about, then the fleet. */
export class Inventory {
  readonly fleet: Fleet
  readonly #hosts: readonly HostState[]
  /** By index of the fleet. */
  readonly #fleet_deeds = new Map<number, HostDeeds>()

  readonly settings: SimulatorSettings
  readonly api: ApiState
  readonly started_ms: number

  constructor(settings: SimulatorSettings, api: ApiState, started_ms: number) {
    this.settings = settings
    this.api = api
    this.started_ms = started_ms
    const { seed, fleet, fleet_nameless } = settings
    this.fleet = new Fleet(seed, fleet, new Set(fleet_nameless), started_ms)
    this.#hosts = Object.values(api.hosts)
  }

  /** Every host that is not hidden or gone. */
  rows(): number[] {
    const rows: number[] = []
    for (const [row, host] of this.#hosts.entries()) if (!host.hidden) rows.push(row)
    const { size } = this.fleet
    for (let index = 0; index < size; index++) {
      if (this.fleet.has(index) && this.#fleet_deeds.get(index)?.hidden !== true) rows.push(this.#hosts.length + index)
    }
    return rows
  }

  id(row: number): string {
    return this.#hosts[row]?.agent_id ?? this.fleet.id(row - this.#hosts.length)
  }

  modifiedMs(row: number, now: number): number {
    const host = this.#hosts[row]
    if (host !== undefined) return Math.max(this.started_ms - day_ms, this.#changedMs(host, now))
    const index = row - this.#hosts.length
    return Math.max(this.fleet.modifiedMs(index), this.#doneTo(index, now).changed_ms)
  }

  firstSeenMs(row: number): number {
    const index = row - this.#hosts.length
    return index < 0 ? this.started_ms - day_ms : this.fleet.firstSeenMs(index)
  }

  entity(row: number, now: number): Entity {
    const host = this.#hosts[row]
    return host === undefined ? this.#fleetEntity(row - this.#hosts.length, now) : this.#hostEntity(host, now)
  }

  /** Hosts by id, hidden ones too, and the ids that nobody knows. */
  find(ids: readonly string[], now: number): { found: Entity[]; errors: string[] } {
    const found: Entity[] = []
    const errors: string[] = []
    for (const id of ids) {
      const host = Object.hasOwn(this.api.hosts, id) ? this.api.hosts[id] : undefined
      const index = host === undefined ? this.fleet.indexOf(id) : -1
      if (host !== undefined) found.push(this.#hostEntity(host, now))
      else if (index >= 0) found.push(this.#fleetEntity(index, now))
      else errors.push(id)
    }
    return { found, errors }
  }

  has(id: string): boolean {
    return Object.hasOwn(this.api.hosts, id) || this.fleet.indexOf(id) >= 0
  }

  /** What has been done to a host, to be changed in place; undefined for an id that nobody knows. */
  deedsOf(id: string): HostDeeds | undefined {
    if (Object.hasOwn(this.api.hosts, id)) return this.api.hosts[id]
    const index = this.fleet.indexOf(id)
    if (index < 0) return undefined
    const deeds = this.#fleet_deeds.get(index) ?? { ...untouched }
    this.#fleet_deeds.set(index, deeds)
    return deeds
  }

  #fleetEntity(index: number, now: number): Entity {
    return this.fleet.entity(index, this.#doneTo(index, now))
  }

  #doneTo(index: number, now: number) {
    const deeds = this.#fleet_deeds.get(index) ?? untouched
    const { filesystem_contained, hidden, tags } = deeds
    return {
      filesystem_contained,
      hidden,
      tags,
      status: statusOf(deeds, now, this.settings.containment_ms),
      changed_ms: this.#changedMs(deeds, now),
    }
  }

  /** Containment changes a host twice: when it is asked for, and when it is done. */
  #changedMs({ changed_ms }: HostDeeds, now: number): number {
    const done_ms = changed_ms + this.settings.containment_ms
    return now < done_ms ? changed_ms : done_ms
  }

  #hostEntity(host: HostState, now: number): Entity {
    const [first, second, third] = host.local_ip.split(".")
    return hostEntity({
      id: host.agent_id,
      hostname: host.hostname,
      platform: host.platform,
      is_server: host.hostname.includes("SRV") || host.platform === "Linux",
      is_virtual: host.platform === "Linux",
      address: host.local_ip,
      gateway: `${first}.${second}.${third}.254`,
      external_address: "198.51.100.1",
      mac: host.mac,
      domain: host.domain,
      user: host.user,
      groups: host.groups,
      tags: host.tags,
      filesystem_contained: host.filesystem_contained,
      hidden: host.hidden,
      status: statusOf(host, now, this.settings.containment_ms),
      agent_version: "7.20.19000.0",
      serial_number: `SN-${host.agent_id.slice(0, 12)}`,
      first_seen: iso(this.started_ms - day_ms),
      last_seen: iso(now),
      modified: iso(Math.max(this.started_ms - day_ms, this.#changedMs(host, now))),
      last_reboot: iso(this.started_ms - 3 * day_ms),
    })
  }
}

function statusOf(host: HostDeeds, now: number, containment_ms: number): string {
  const pending = now < host.changed_ms + containment_ms
  if (host.contained) return pending ? "containment_pending" : "contained"
  return pending ? "lift_containment_pending" : "normal"
}

function iso(time_ms: number): string {
  return new Date(time_ms).toISOString()
}
