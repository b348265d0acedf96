/** How far a run has to come, and by when. */
import { endOf, type Fault, isGraphPlace, isHostPlace, lasts, type Scenario } from "../generate/scenario.ts"

const minutes = 60_000

/** When the last of these faults is over and the last event has come. What lasts for good is not waited for. */
export const quietMs = ({ partitions, fleet }: Scenario, faults: readonly Fault[]): number =>
  Math.max(
    (fleet?.for_ms ?? 0) + (fleet?.late_ms_max ?? 0),
    ...faults
      .filter((fault) => !lasts(fault))
      .map((fault) => endOf(fault) + ("down_ms" in fault ? fault.down_ms + 20_000 : 0)),
    ...partitions.map(({ later, per_minute }) => (later * minutes) / per_minute),
  )

/**
 * How long it may take from then on: what was told to wait may wait, an app id that is held is held until its session ends,
 * and a partition that was not listed is looked for now and then.
 */
export const boundMs = (
  { session_interval_s, batch_wait_ms_max, partitions }: Scenario,
  faults: readonly Fault[],
): number => {
  const has = (test: (fault: Fault) => boolean) => faults.some(test)
  const asked_ms = Math.max(
    0,
    ...faults.map((fault) => ("do" in fault && "wait_s" in fault.do ? (fault.do.wait_s ?? 0) * 1_000 : 0)),
  )
  const held = has(({ on }) => on !== "intake" && on !== "disk") ? session_interval_s * 1_000 + 5 * minutes : 0
  const unlisted = has((fault) => "do" in fault && ["omit", "bad_entry"].includes(fault.do.kind)) ? 60 * minutes : 0
  // A task that never ends is waited for during 5 minutes, and so may be the one after it.
  const hanging = has((fault) => "do" in fault && fault.do.kind === "task_hangs") ? 11 * minutes : 0
  // In a run of poison one event after the other is probed, with up to a minute between two probes, until one is taken.
  const poisoned = Math.max(...partitions.map(({ run }) => run?.length ?? 0)) * minutes
  return 6 * minutes + asked_ms + held + unlisted + hanging + poisoned + 2 * batch_wait_ms_max
}

/**
 * Faults that events may wait for. Whatever happens to the enrichment and to the inventory, they do not wait for it; but a
 * budget that is spent, and a token that is refused, are everybody's.
 */
export const delayEvents = (fault: Fault): boolean =>
  (!isBeside(fault.on) && fault.on !== "assets" && fault.on !== "tasks") || troublesAll(fault)

/** Calls of Falcon's API that are not the stream's. */
export const isBeside = (place: string): boolean => isGraphPlace(place) || isHostPlace(place)

const troublesAll = (fault: Fault): boolean =>
  isBeside(fault.on) &&
  "do" in fault &&
  fault.do.kind === "status" &&
  (fault.do.status === 429 || fault.do.status === 401)

/** Sees to it that something goes on. */
export class Patience {
  private most = -1
  private moved_at_ms: number

  private readonly quiet_ms: number
  private readonly bound_ms: number

  constructor(quiet_ms: number, bound_ms: number) {
    this.quiet_ms = quiet_ms
    this.bound_ms = bound_ms
    this.moved_at_ms = quiet_ms
  }

  /** False when nothing has gone on for too long. */
  holds(done: number, now_ms: number): boolean {
    if (done > this.most) {
      this.most = done
      this.moved_at_ms = Math.max(now_ms, this.quiet_ms)
    }
    return now_ms <= this.moved_at_ms + this.bound_ms
  }

  get text(): string {
    return `nothing moves for ${Math.round(this.bound_ms / minutes)} min`
  }
}
