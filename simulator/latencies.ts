/** Milliseconds from the creation of live events to their arrival at the intake. */
export interface Latency {
  events: number
  p50: number
  p99: number
  max: number
}

/** Slower ones count as this slow; the maximum tells. */
const slowest_ms = 120_000

/** One bucket per millisecond, as many as the slowest needs: an estate has hundreds of these. */
export class Latencies {
  #buckets = new Uint32Array(2_048)
  #max = 0

  add(latency_ms: number, events = 1): void {
    const bucket = Math.min(slowest_ms, Math.max(0, Math.round(latency_ms)))
    if (bucket >= this.#buckets.length) {
      const grown = new Uint32Array(2 * bucket)
      grown.set(this.#buckets)
      this.#buckets = grown
    }
    this.#buckets[bucket]! += events
    this.#max = Math.max(this.#max, latency_ms)
  }

  /** Counts what another one has counted. */
  addAll(other: Latencies): void {
    for (const [ms, events] of other.#buckets.entries()) if (events > 0) this.add(ms, events)
    this.#max = Math.max(this.#max, other.#max)
  }

  /** Forgets everything: what comes from now on is another measurement. */
  clear(): void {
    this.#buckets.fill(0)
    this.#max = 0
  }

  sum(): Latency {
    const events = this.#buckets.reduce((sum, count) => sum + count, 0)
    return { events, p50: this.#quantile(0.5, events), p99: this.#quantile(0.99, events), max: this.#max }
  }

  #quantile(share: number, events: number): number {
    let seen = 0
    for (const [ms, count] of this.#buckets.entries()) {
      seen += count
      if (seen >= share * events) return ms
    }
    return slowest_ms
  }
}
