/** A token bucket whose rate changes. No change lets more through than the rates allow: a rate that rises fills nothing, one that falls empties. */

/** Requests that may go at once at a rate: a tenth of it, as where a process is alone. The rest refills steadily, so that no second sees more. */
const burstOf = (per_second: number): number => (per_second <= 0 ? 0 : Math.max(1, Math.floor(per_second / 10)))
const refillOf = (per_second: number): number => Math.max(per_second - burstOf(per_second), per_second / 2)

export class LeasedBucket {
  private level = 0
  private per_second = 0
  private at_ms = 0

  /** From now on it is this rate; 0: nothing may go. */
  setRate(now_ms: number, per_second: number): void {
    const before = this.per_second
    const gained = (refillOf(before) * (now_ms - this.at_ms)) / 1_000
    this.level = Math.min(this.level + gained, burstOf(before))
    this.at_ms = now_ms
    this.per_second = per_second
    if (before === 0 && per_second > 0) this.level = Math.min(1, this.level + 1)
    this.level = Math.min(this.level, burstOf(per_second))
  }

  /** How long until a request may go, as of the last {@link setRate}; infinite at rate 0. */
  waitMs(): number {
    if (this.per_second <= 0) return Number.POSITIVE_INFINITY
    // Sums of fractions fall short of the whole by a little.
    return this.level >= 1 - 1e-9 ? 0 : Math.ceil(((1 - this.level) * 1_000) / refillOf(this.per_second))
  }

  /** Takes so many; more than there are delay the next. */
  take(requests: number): void {
    this.level -= requests
  }
}
