/** How many events of a partition may have been answered and not be stored, since commits within a short time share one store. */
import { commits } from "../../../src/core/delivery/limits.ts"

export class PutOff {
  /** The most that were answered within that time, where it was more than one post: a partition that is slower puts nothing off. */
  events_max = 0
  private recent: { readonly at_ms: number; readonly events: number }[] = []

  /** The process has learnt that these were taken. */
  answered(events: number, at_ms: number): void {
    this.recent = [...this.recent, { at_ms, events }].filter((one) => at_ms - one.at_ms <= commits.wait_ms_max)
    if (this.recent.length < 2) return
    this.events_max = Math.max(
      this.events_max,
      this.recent.reduce((sum, one) => sum + one.events, 0),
    )
  }
}
