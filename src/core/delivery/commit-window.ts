/**
 * The commit window of one partition: ranges of offsets are opened in the order they were read and closed in any order;
 * what may be stored is the end of the contiguous closed prefix. So a crash can repeat events, never skip one.
 *
 * A range is closed when its batch is acknowledged (or recorded as dead letters) and everything that was started on its
 * events (`hold`) is finished too.
 */
export class OffsetRange {
  private open = 1
  readonly last_offset: number
  /** How many events it covers. */
  readonly events: number

  constructor(last_offset: number, events: number) {
    this.last_offset = last_offset
    this.events = events
  }

  /** One more thing has to finish before the range counts as closed. */
  hold(): void {
    this.open++
  }

  /** One thing less. */
  release(): void {
    if (this.open === 0)
      throw new Error(`the range up to offset ${this.last_offset} is released more often than it is held`)
    this.open--
  }

  get closed(): boolean {
    return this.open === 0
  }
}

export class CommitWindow {
  private readonly ranges: OffsetRange[] = []
  private end = -1
  /** Events from the first open range on: what a crash would repeat. */
  events = 0

  /** Opens the next range. `last_offset` is -1 when nothing in it has an offset. */
  open(last_offset: number, events = 0): OffsetRange {
    const range = new OffsetRange(last_offset, events)
    this.ranges.push(range)
    this.events += events
    return range
  }

  /** Releases the range once and tells which offset may be stored now: -1 when none yet. Never goes back. */
  release(range: OffsetRange): number {
    range.release()
    while (this.ranges[0]?.closed) {
      const { last_offset, events } = this.ranges.shift()!
      this.end = Math.max(this.end, last_offset)
      this.events -= events
    }
    return this.end
  }

  /** The oldest ranges, as many as have to be closed until no more than `events_max` events are left. */
  beyond(events_max: number): ReadonlySet<OffsetRange> {
    const oldest = new Set<OffsetRange>()
    let left = this.events
    for (const range of this.ranges) {
      if (left <= events_max) break
      oldest.add(range)
      left -= range.events
    }
    return oldest
  }
}
