/** Compares the hosts of Falcon with what the inventory was sent, and with how far the process says that it has come. */
import type { MemoryDisk } from "../../support/memory-disk.ts"
import type { FleetPlan, Scenario } from "../generate/scenario.ts"
import type { Fleet } from "../model/fleet.ts"
import type { Break } from "./delivery-oracle.ts"
import { parseObject } from "./letters.ts"

/** What the inventory was told of one version of a host. */
export interface Item {
  readonly name: string
  taken_in: number
  unanswered: boolean
  refused_alone: boolean
}

export class FleetOracle {
  private readonly items = new Map<string, Item>()
  private readonly plan: FleetPlan | undefined
  private life = 0
  private repeated = 0
  private newest_ms = -1

  private readonly fleet: Fleet | undefined
  private readonly scenario: Scenario
  private readonly disk: MemoryDisk
  private readonly data_dir: string
  private readonly now_ms: () => number
  private readonly broken: Break

  constructor(
    fleet: Fleet | undefined,
    scenario: Scenario,
    disk: MemoryDisk,
    data_dir: string,
    now_ms: () => number,
    broken: Break,
  ) {
    this.fleet = fleet
    this.scenario = scenario
    this.disk = disk
    this.data_dir = data_dir
    this.now_ms = now_ms
    this.broken = broken
    this.plan = scenario.fleet
  }

  started(life: number): void {
    this.life = life
    this.repeated = 0
    this.readCheckpoint()
  }

  /** The items of a request body. */
  parse(body: string): readonly Item[] {
    const { items } = parseObject(body) ?? {}
    if (!Array.isArray(items)) return []
    if (items.length > (this.plan?.batch_size ?? 0)) this.broken("bounded", `a batch of ${items.length} assets`)
    return items.map(({ device }) => this.item(device.uid, device.hostname))
  }

  taken(items: readonly Item[]): void {
    for (const item of items) {
      if (item.taken_in === this.life && !item.unanswered) this.again(`${item.name} twice, and the process lives`)
      if (item.taken_in > 0 && item.taken_in < this.life && ++this.repeated > this.plan!.batch_size)
        this.again(`${this.repeated} assets twice after a restart`)
      item.taken_in = this.life
      item.unanswered = true
    }
  }

  answered(items: readonly Item[]): void {
    for (const item of items) item.unanswered = false
  }

  /** `context.json` has changed: every host up to its position has to be with the inventory. */
  readCheckpoint(): void {
    const context = parseObject(this.disk.read(`${this.data_dir}/context.json`) ?? "")
    const { position } = (context?.["device-assets"] ?? {}) as { readonly position?: string }
    this.checkNewest(context?.most_recent_device_id)
    const removed = this.disk.read(`${this.data_dir}/device-assets.removed.ndjson`) ?? ""
    if (removed !== "") this.broken("assets", `a host that is there counts as gone: ${removed.slice(0, 200)}`)
    if (position === undefined) return
    for (const host of this.fleet?.now(this.now_ms()) ?? []) {
      // A change that shows up later than it was made is behind a position that was right; it has to be sent all the same.
      const is_late = host.visible_ms > host.modified_ms
      if (!is_late && host.modified_ms <= Date.parse(position) && !this.isDone(host.id, host.version))
        this.broken("assets", `the checkpoint is at ${position}, and host ${host.id} (${host.version}) was not sent`)
    }
  }

  progress(): { readonly done: number; readonly open: number } {
    const hosts = this.fleet?.now(this.now_ms()) ?? []
    const done = hosts.filter(({ id, version }) => this.isDone(id, version)).length
    return { done, open: hosts.length - done }
  }

  /** The host that Falcon knew last, of those that were sent. */
  private checkNewest(id: unknown): void {
    if (id === undefined || this.fleet === undefined) return
    const newest_ms = this.fleet.firstSeenMs(String(id))
    if (newest_ms < this.newest_ms) this.broken("assets", `most_recent_device_id goes back to ${id}`)
    this.newest_ms = newest_ms
  }

  private item(id: string, hostname: string): Item {
    const name = `${id} ${hostname}`
    const item = this.items.get(name) ?? { name, taken_in: 0, unanswered: false, refused_alone: false }
    this.items.set(name, item)
    return item
  }

  private isDone(id: string, version: number): boolean {
    const item = this.items.get(`${id} host-${version}`)
    return item !== undefined && (item.taken_in > 0 || item.refused_alone)
  }

  /** What was accepted cannot be remembered on a disk that fails. */
  private again(what: string): void {
    if (!this.scenario.faults.some(({ on }) => on === "disk")) this.broken("assets", what)
  }
}
