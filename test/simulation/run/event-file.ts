/**
 * The oracle's eyes where events go to a file of NDJSON instead of an intake. A body counts as taken once it is synced; what a crash
 * has left of one counts as taken without an answer. Whatever happens, the file holds every event up to the committed offset.
 */
import type { MemoryDisk } from "../../support/memory-disk.ts"
import type { PartitionPlan, Scenario } from "../generate/scenario.ts"
import type { Log } from "../model/workload.ts"
import type { Break, DeliveryOracle } from "../oracles/delivery-oracle.ts"

/** Small, so that a run rotates often; all files stay, to be read back. */
export const ndjson = { path: "events.ndjson", rotate_bytes: 30_000, keep: 10_000 }

/**
 * A drawn world without what only an intake refuses, and without offsets that begin anew: the events behind an offset are looked up in
 * the file by that offset, which then stands for two.
 */
export const overNdjson = (scenario: Scenario): Scenario => ({
  ...scenario,
  destination: "ndjson",
  faults: scenario.faults.filter((fault) => !(fault.on === "stream" && fault.do.kind === "anew")),
  partitions: scenario.partitions.map(({ run: _, ...plan }): PartitionPlan => {
    const poison = plan.poison.filter((one) => !one.startsWith("refused_") && one !== "too_many_chars")
    return { ...plan, poison, poison_share: poison.length > 0 ? plan.poison_share : 0 }
  }),
})

export class EventFile {
  private readonly path: string
  /** What was in the file when it was looked at last, and in the one that was set aside last. */
  private seen = ""
  private set_aside = ""

  private readonly disk: MemoryDisk
  private readonly folder: string
  private readonly logs: readonly Log[]
  private readonly delivery: DeliveryOracle
  private readonly broken: Break

  constructor(disk: MemoryDisk, folder: string, logs: readonly Log[], delivery: DeliveryOracle, broken: Break) {
    this.disk = disk
    this.folder = folder
    this.logs = logs
    this.delivery = delivery
    this.broken = broken
    this.path = `${folder}/${ndjson.path}`
  }

  /** Something of this name has been synced, or renamed to it. */
  changed(method: string, path: string): void {
    if (method === "rename" && path === `${this.path}.1`) {
      this.set_aside = this.seen
      this.seen = ""
    } else if (method === "sync" && path === this.path) this.read(true)
  }

  /** A process is about to begin: the last line may be torn, and a file may have its old name again. */
  started(): void {
    const text = this.disk.read(this.path) ?? ""
    if (!text.startsWith(this.seen) || (this.seen === "" && this.set_aside !== "" && text.startsWith(this.set_aside))) {
      this.seen = text.startsWith(this.set_aside) ? this.set_aside : ""
    }
    this.read(false)
    this.checkCommitted()
  }

  finish(): void {
    const text = this.disk.read(this.path) ?? ""
    if (text !== "" && !text.endsWith("\n")) this.broken("ndjson", "the last line of the file is torn")
    this.checkCommitted()
  }

  private read(is_answered: boolean): void {
    const text = this.disk.read(this.path) ?? ""
    if (!text.startsWith(this.seen)) {
      this.broken("ndjson", "lines that were taken have changed or are gone")
      return
    }
    const whole = text.slice(0, text.lastIndexOf("\n") + 1)
    const jsons = whole.slice(this.seen.length).split("\n").slice(0, -1)
    this.seen = whole
    if (jsons.length === 0) return
    const post = this.delivery.parse(new TextEncoder().encode(JSON.stringify({ intake_key: "", jsons })))
    if (post === undefined) return
    this.delivery.taken(post)
    if (is_answered) this.delivery.answered(post)
  }

  private checkCommitted(): void {
    const cache = this.disk.readSafe(`${this.folder}/cache.json`)
    if (cache === undefined) return
    const names = this.disk.safeNames(this.folder).filter((name) => name.startsWith(ndjson.path))
    const held = new Set(names.flatMap((name) => (this.disk.readSafe(`${this.folder}/${name}`) ?? "").split("\n")))
    for (const [root_url, offset] of Object.entries(JSON.parse(cache) as Record<string, number>)) {
      const partition = Number(root_url.slice(root_url.lastIndexOf("/") + 1))
      const log = this.logs[partition]!
      const upto = log.positions.get(offset) ?? -1
      const lost = log.events.find(
        ({ position, goes_to, bytes }) =>
          position <= upto && goes_to === "intake" && !held.has(new TextDecoder().decode(bytes)),
      )
      if (lost !== undefined)
        this.broken("nothing lost", `offset ${offset} is stored, ${lost.offset} is in no file`, partition)
    }
  }
}
