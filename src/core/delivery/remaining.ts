/** Which events of a batch are still to be delivered, in order. */

export interface Range {
  readonly from: number
  /** Not included. */
  readonly to: number
}

export class Remaining {
  private ranges: Range[]

  constructor(count: number) {
    this.ranges = count > 0 ? [{ from: 0, to: count }] : []
  }

  get count(): number {
    return this.ranges.reduce((sum, { from, to }) => sum + to - from, 0)
  }

  /** Takes the first events that may be posted together. */
  next(): Range | undefined {
    return this.ranges.shift()
  }

  /** Puts back, as two, what was refused together. */
  halve({ from, to }: Range): void {
    const middle = from + Math.ceil((to - from) / 2)
    this.ranges.unshift({ from, to: middle }, { from: middle, to })
  }

  /** The event that has so many others before it. */
  at(place: number): number {
    let left = place
    for (const { from, to } of this.ranges) {
      if (left < to - from) return from + left
      left -= to - from
    }
    throw new RangeError(`no event ${place} of ${this.count}`)
  }

  /** This one is delivered. */
  drop(index: number): void {
    this.ranges = this.ranges.flatMap((range) =>
      index < range.from || index >= range.to
        ? [range]
        : [
            { from: range.from, to: index },
            { from: index + 1, to: range.to },
          ].filter(({ from, to }) => to > from),
    )
  }
}
