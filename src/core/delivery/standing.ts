/**
 * What the destination does with the events of one partition: whether it refuses some of them, or all. An event that is refused
 * alone is only a poison event when the destination has taken another one since, and then refuses it again. Shared by everything
 * that posts for the partition.
 */
import { outage as limits } from "./limits.ts"
import type { Batch } from "./lines/batch.ts"

export class Standing {
  /** Posts that the destination has taken. Grows only. */
  accepted = 0
  /** Events refused alone since it took the last one. */
  refused_in_row = 0
  /** An event that it has taken, for the case that nothing else can tell whether it takes any. */
  good: Batch | undefined
  private in_row_max: number = limits.refused_in_row_max
  /** Events that were refused alone, and what `accepted` was when that was first seen. */
  private readonly suspects = new WeakMap<Batch, Map<number, number>>()

  /** So many were refused that it is an outage until the opposite is known. */
  get refuses_all(): boolean {
    return this.refused_in_row >= this.in_row_max
  }

  /**
   * The destination has refused this event alone. True: it did so before, has taken another one since, and takes events otherwise;
   * so it is a poison event.
   */
  refused(batch: Batch, index: number): boolean {
    this.refused_in_row++
    const of_batch = this.suspects.get(batch) ?? new Map<number, number>()
    this.suspects.set(batch, of_batch)
    const accepted = of_batch.get(index)
    if (accepted === undefined) of_batch.set(index, this.accepted)
    return accepted !== undefined && accepted < this.accepted && !this.refuses_all
  }

  /** The destination has taken events in their turn. */
  took(batch: Batch, index: number): void {
    this.tookProbe(batch, index)
    this.in_row_max = limits.refused_in_row_max
  }

  /** It has taken an event by which it was tried, out of turn or once more. */
  tookProbe(batch: Batch, index: number): void {
    this.accepted++
    this.refused_in_row = 0
    this.good = batch.only(index)
  }

  /** Many in a row were poison: of a long run of them, twice as many are looked at before the destination is doubted again. */
  beMorePatient(): void {
    this.in_row_max = Math.min(2 * this.in_row_max, limits.refused_in_row_most)
  }
}
