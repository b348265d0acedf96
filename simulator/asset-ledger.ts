/** What Sekoia's asset API has taken, for the account of a simulator. */
import { createHash } from "node:crypto"
import { AssetTasks, type Item } from "./asset-tasks.ts"

const items_kept = 1_000

/** What came of one asset. */
interface Received {
  times: number
  /** Of the last item, its `time` left out. */
  digest: string
}

/** What the asset API took. */
export class AssetLedger {
  readonly #received = new Map<string, Received>()
  /** The latest items, oldest first. */
  readonly items: Item[] = []
  requests = 0
  accepted = 0
  /** Items that say the same as the one before about their asset. */
  repeated = 0
  batch_items_max = 0
  readonly refused: Record<string, number> = {}
  readonly connectors = new Set<string>()
  readonly tasks = new AssetTasks((items) => this.accept(items))

  /** Takes items that are whole. */
  accept(items: readonly Item[]): void {
    this.accepted += items.length
    this.batch_items_max = Math.max(this.batch_items_max, items.length)
    for (const item of items) {
      const { time: _, ...rest } = item
      const digest = createHash("sha1").update(JSON.stringify(rest)).digest("base64")
      const known = this.#received.get(idOf(item))
      if (known?.digest === digest) this.repeated++
      this.#received.set(idOf(item), { times: (known?.times ?? 0) + 1, digest })
      this.items.push(item)
    }
    if (this.items.length > 2 * items_kept) this.items.splice(0, this.items.length - items_kept)
  }

  has(id: string): boolean {
    return this.#received.has(id)
  }

  get distinct(): number {
    return this.#received.size
  }
}

const subjectOf = (item: Item) => (item.device ?? item.user ?? {}) as Readonly<Record<string, unknown>>
/** The uid of the item's device or user; empty when it has none. */
export const idOf = (item: Item): string => String(subjectOf(item).uid ?? "")
/** The name of the item's device or user; empty when it has none. */
export const nameOf = (item: Item): string => String(subjectOf(item).name ?? "")
