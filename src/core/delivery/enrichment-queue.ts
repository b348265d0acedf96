/**
 * Which source events of a partition are still to be enriched, in the order of their offsets. Each holds the offset range of its batch
 * until what its enricher found is posted, or it is dead-lettered, so that a crash makes it begin again.
 *
 * Plain synchronous state: `enrichment-workers.ts` asks enrichers, posts and records.
 */
import type { CommitWindow, OffsetRange } from "./commit-window.ts"
import type { Enricher, SourceEvent } from "./enricher.ts"

/** `waiting` to be started; `running` in a worker; `ending` once somebody has begun to end it, and nobody else may. */
type Stage = "waiting" | "running" | "ending"

/** One source event and the range that it holds. A class and not an object: a storm makes thousands of them a second. */
export class Enrichment {
  stage: Stage = "waiting"
  readonly source: SourceEvent
  readonly range: OffsetRange

  constructor(source: SourceEvent, range: OffsetRange) {
    this.source = source
    this.range = range
  }
}

export class EnrichmentQueue {
  /** All that are not over, in the order of their ranges. */
  private readonly enrichments = new Set<Enrichment>()
  private readonly count: Record<Stage, number> = { waiting: 0, running: 0, ending: 0 }
  private readonly waiting = new Map<Enricher, number>()
  private readonly window: CommitWindow
  private readonly events_behind_max: number
  private is_closed = false

  /** `events_behind_max`: events that may stay uncommitted behind an enrichment, and so come again after a crash. */
  constructor(window: CommitWindow, events_behind_max: number) {
    this.window = window
    this.events_behind_max = events_behind_max
  }

  /** How many nobody has begun to end. */
  get open(): number {
    return this.count.waiting + this.count.running
  }

  /** {@link start} would give one for this enricher. */
  hasWork(enricher: Enricher): boolean {
    return !this.is_closed && (this.waiting.get(enricher) ?? 0) > 0
  }

  /** None runs and none is being ended. */
  get isQuiet(): boolean {
    return this.count.running + this.count.ending === 0
  }

  /** More events than allowed stay uncommitted until those that are being ended are over. */
  get isCongested(): boolean {
    return this.isFull && this.count.ending > 0
  }

  /** More events are uncommitted than may be. */
  private get isFull(): boolean {
    return this.window.events > this.events_behind_max
  }

  /** Adds the source events of one batch, behind those of earlier batches. The range has to be held once for each already. */
  add(source_events: readonly SourceEvent[], range: OffsetRange): void {
    for (const source of source_events) {
      this.enrichments.add(new Enrichment(source, range))
      this.waiting.set(source.enricher, (this.waiting.get(source.enricher) ?? 0) + 1)
    }
    this.count.waiting += source_events.length
  }

  /** Starts the oldest that waits for this enricher; `undefined` when none does, or after {@link close}. */
  start(enricher: Enricher): Enrichment | undefined {
    if (!this.hasWork(enricher)) return undefined
    for (const one of this.enrichments) {
      if (one.stage === "waiting" && one.source.enricher === enricher) return this.move(one, "running")
    }
    return undefined
  }

  /** Starts none any more, and gives all that are open from then on by {@link stillOpen}. */
  close(): void {
    this.is_closed = true
  }

  stillOpen(): readonly Enrichment[] {
    return [...this.enrichments].filter(isOpen)
  }

  /** The oldest open ones: as many as have to be over until no more events are uncommitted than may be. */
  overdue(): readonly Enrichment[] {
    if (!this.isFull) return []
    const ranges = this.window.beyond(this.events_behind_max)
    const oldest: Enrichment[] = []
    for (const one of this.enrichments) {
      if (!ranges.has(one.range)) break
      if (isOpen(one)) oldest.push(one)
    }
    return oldest
  }

  /** Whoever begins to end one first does it: gives those that are the caller's to end from now on. */
  beginEnd(enrichments: readonly Enrichment[]): readonly Enrichment[] {
    const mine = enrichments.filter(isOpen)
    for (const one of mine) this.move(one, "ending")
    return mine
  }

  /** Frees the ranges of those that are being ended; gives the offset that may be committed now, -1 for none. */
  release(enrichments: readonly Enrichment[]): number {
    let offset = -1
    for (const { range } of enrichments) offset = this.window.release(range)
    return offset
  }

  /** Their ranges are released, and what became free by it is committed. */
  remove(enrichments: readonly Enrichment[]): void {
    for (const one of enrichments) if (this.enrichments.delete(one)) this.count[one.stage]--
  }

  private move(one: Enrichment, stage: Stage): Enrichment {
    this.count[one.stage]--
    this.count[stage]++
    const { enricher } = one.source
    if (one.stage === "waiting") this.waiting.set(enricher, (this.waiting.get(enricher) ?? 0) - 1)
    one.stage = stage
    return one
  }
}

const isOpen = ({ stage }: Enrichment): boolean => stage !== "ending"
