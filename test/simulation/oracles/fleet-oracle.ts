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
  /** How many pushes had been taken when it was refused alone for the first time. */
  suspect_since: number | undefined
  /** Refused alone, and alone again after another one was taken. */
  is_refused: boolean
}

export class FleetOracle {
  private readonly items = new Map<string, Item>()
  private readonly plan: FleetPlan | undefined
  private life = 0
  private repeated = 0
  private newest_ms = -1
  private pushes_taken = 0
  /** An asset was refused alone, and nothing was taken since: one that was taken before may be posted to tell why. */
  private is_in_doubt = false

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
    const is_probe = this.is_in_doubt && items.length === 1
    for (const item of items) {
      if (!is_probe) this.checkRepeat(item)
      item.taken_in = this.life
      item.unanswered = true
    }
  }

  answered(items: readonly Item[]): void {
    for (const item of items) item.unanswered = false
    if (items.length === 0) return
    this.pushes_taken++
    this.is_in_doubt = false
  }

  /** The worker has learned that a push was refused. */
  refused(items: readonly Item[]): void {
    const [item, ...others] = items
    if (item === undefined || others.length > 0) return
    this.is_in_doubt = true
    item.suspect_since ??= this.pushes_taken
    if (this.pushes_taken > item.suspect_since) item.is_refused = true
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

  private checkRepeat({ name, taken_in, unanswered }: Item): void {
    if (taken_in === this.life && !unanswered) this.again(`${name} twice, and the process lives`)
    if (taken_in > 0 && taken_in < this.life && ++this.repeated > this.plan!.batch_size)
      this.again(`${this.repeated} assets twice after a restart`)
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
    const item = this.items.get(name) ?? {
      name,
      taken_in: 0,
      unanswered: false,
      suspect_since: undefined,
      is_refused: false,
    }
    this.items.set(name, item)
    return item
  }

  private isDone(id: string, version: number): boolean {
    const item = this.items.get(`${id} host-${version}`)
    return item !== undefined && (item.taken_in > 0 || item.is_refused)
  }

  /** What was accepted cannot be remembered on a disk that fails. */
  private again(what: string): void {
    if (!this.scenario.faults.some(({ on }) => on === "disk")) this.broken("assets", what)
  }
}
