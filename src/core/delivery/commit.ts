/**
 * The commit window of one partition: ranges of offsets are opened in the order they were read and closed in any order;
 * what may be stored is the end of the contiguous closed prefix. So a crash can repeat events, never skip one.
 *
 * A range is closed when its batch is acknowledged (or recorded as dead letters) and everything that was started on its
 * events (`hold`) is finished too.
 */
export class OffsetRange {
  private open = 1
  constructor(readonly last_offset: number) {}

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

  /** Opens the next range. `last_offset` is -1 when nothing in it has an offset. */
  open(last_offset: number): OffsetRange {
    const range = new OffsetRange(last_offset)
    this.ranges.push(range)
    return range
  }

  /** Releases the range once and tells which offset may be stored now: -1 when none yet. Never goes back. */
  release(range: OffsetRange): number {
    range.release()
    while (this.ranges[0]?.closed) this.end = Math.max(this.end, this.ranges.shift()!.last_offset)
    return this.end
  }
}
