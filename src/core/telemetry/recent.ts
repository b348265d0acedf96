/** What happened in the last seconds: rates, and how long things took. Fixed in size, whatever happens. */

const buckets = 12

/** How much came per second, over the last ten whole seconds. */
export class Rate {
  private readonly amounts = new Float64Array(buckets)
  private second = Number.NEGATIVE_INFINITY

  /** Times in milliseconds, of a clock that never goes back. */
  add(amount: number, now_ms: number): void {
    this.advance(Math.floor(now_ms / 1_000))
    this.amounts[this.second % buckets]! += amount
  }

  perSecond(now_ms: number): number {
    this.advance(Math.floor(now_ms / 1_000))
    let sum = 0
    // The second that is under way is left out: it is not over.
    for (let back = 1; back <= 10; back++) sum += this.amounts[(this.second - back + 10 * buckets) % buckets]!
    return sum / 10
  }

  private advance(second: number): void {
    const from = Math.max(this.second + 1, second - buckets + 1)
    for (let s = from; s <= second; s++) this.amounts[((s % buckets) + buckets) % buckets] = 0
    this.second = Math.max(this.second, second)
  }
}

const times_max = 512
const times_window_ms = 60_000

/** How long the last things took, of those within a minute. */
export class Times {
  private readonly at_ms = new Float64Array(times_max).fill(Number.NEGATIVE_INFINITY)
  private readonly took_ms = new Float64Array(times_max)
  private next = 0

  add(took_ms: number, now_ms: number): void {
    this.at_ms[this.next] = now_ms
    this.took_ms[this.next] = took_ms
    this.next = (this.next + 1) % times_max
  }

  /** Milliseconds that this share of them stayed below, such as 0.5; `null` when there was none within a minute. */
  quantiles(shares: readonly number[], now_ms: number): readonly (number | null)[] {
    const recent = this.took_ms.filter((_, i) => now_ms - this.at_ms[i]! < times_window_ms).sort()
    const at = (share: number) => recent[Math.min(recent.length - 1, Math.floor(share * recent.length))]!
    return shares.map((share) => (recent.length === 0 ? null : at(share)))
  }
}
