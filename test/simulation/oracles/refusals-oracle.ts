/**
 * Watches what the process makes of refusals, per partition: that it gives up an event only when the intake refused it alone, took
 * something else, and refused it alone again; and that it does not storm an intake that takes nothing.
 */
import { outage } from "../../../src/core/delivery/limits.ts"
import type { Break } from "./delivery-oracle.ts"

interface Partition {
  /** Answers that told the process of events taken. */
  accepted: number
  /** Events refused alone since. */
  in_row: number
  /** When that last ended, because something was taken. */
  ended_ms: number
  /** When posts arrived since. */
  readonly posts_ms: number[]
  /** Events convicted in this life. */
  convicted: number
  /** Events that went before their turn, to try the intake. */
  probes: number
  /** It has been doubted in this life: more may be read, to find an event that it takes. */
  doubted: boolean
}

/** Posts in a minute of which none is accepted: halving a batch of a thousand, the first suspects, and probes with backoff. */
const posts_max = 60

/** For how long a post may be on its way to the intake. */
const under_way_ms_max = 1_000

export class RefusalsOracle {
  private readonly partitions: Partition[]
  /** By event: how many posts were accepted when it was first refused alone, and whether it was refused again after more. */
  private readonly suspects = new Map<object, { readonly accepted: number; convicted: boolean }>()
  private readonly convicted = new Set<object>()

  private readonly now_ms: () => number
  private readonly broken: Break

  constructor(partitions: number, now_ms: () => number, broken: Break) {
    this.now_ms = now_ms
    this.broken = broken
    this.partitions = Array.from({ length: partitions }, () => ({
      accepted: 0,
      in_row: 0,
      ended_ms: Number.NEGATIVE_INFINITY,
      posts_ms: [],
      convicted: 0,
      probes: 0,
      doubted: false,
    }))
  }

  /** A new process knows nothing of what was refused before. */
  started(): void {
    this.suspects.clear()
    for (const one of this.partitions) {
      one.in_row = 0
      one.posts_ms.length = 0
      one.convicted = 0
      one.doubted = false
    }
  }

  /** A post has arrived. */
  posted(partition: number): void {
    const one = this.partitions[partition]!
    one.posts_ms.push(this.now_ms())
    // Of a long run of poison events, twice as many are looked at before the intake is doubted again.
    const most = posts_max + 3 * one.convicted
    const first_ms = one.posts_ms[one.posts_ms.length - 1 - most]
    if (first_ms !== undefined && this.now_ms() - first_ms < 60_000)
      this.broken("waits", `more than ${most} posts in a minute to an intake that takes none`, partition)
  }

  /** The process has learnt that something of the partition was taken. */
  accepted(partition: number): void {
    const one = this.partitions[partition]!
    one.accepted++
    if (one.in_row > 0) one.ended_ms = this.now_ms()
    one.in_row = 0
    one.posts_ms.length = 0
  }

  /** The process has learnt that this one, or vertex, was refused when it stood alone. */
  refusedAlone(partition: number, what: object): void {
    const one = this.partitions[partition]!
    one.in_row++
    if (one.in_row >= outage.refused_in_row_max) one.doubted = true
    const before = this.suspects.get(what)
    if (before === undefined) this.suspects.set(what, { accepted: one.accepted, convicted: false })
    else if (!before.convicted && one.accepted > before.accepted) {
      before.convicted = true
      this.convicted.add(what)
      one.convicted++
    }
  }

  isConvicted(what: object): boolean {
    return this.convicted.has(what)
  }

  /** A post of one event while others were refused: it may be before its turn. It may have left before something else was taken. */
  isProbe(partition: number, events: number): boolean {
    const { in_row, ended_ms } = this.partitions[partition]!
    return events === 1 && (in_row > 0 || this.now_ms() - ended_ms <= under_way_ms_max)
  }

  /** The intake is doubted: then even an event that was delivered may be posted again. */
  isDoubted(partition: number): boolean {
    return this.partitions[partition]!.in_row >= outage.refused_in_row_max
  }

  probed(partition: number): void {
    this.partitions[partition]!.probes++
  }

  probes(partition: number): number {
    return this.partitions[partition]!.probes
  }

  /** So many events more may be in memory. */
  extra(partition: number, batch_events: number): number {
    return this.partitions[partition]!.doubted ? outage.refused_in_row_most + batch_events : 0
  }
}
