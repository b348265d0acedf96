/**
 * Tells an app id that an earlier session of ours still holds from one that another worker reads under. The first is free
 * after 30 minutes at most, since nobody refreshes it; the second stays held, and every event is delivered twice meanwhile.
 */
import { app_ids } from "./limits.ts"

const minutes = 60_000

export class Rivals {
  /** Until when an id may be held by a session that this process has made. */
  private readonly own_until_ms = new Map<string, number>()
  /** Since when an id has been found held each time, and not by us. */
  private readonly held_since_ms = new Map<string, number>()

  /** A listing under this id brought streams, or one of its sessions was read until now. */
  used(id: string, now_ms: number): void {
    this.held_since_ms.delete(id)
    this.own_until_ms.set(id, now_ms + app_ids.held_ms_max)
  }

  /** A listing under this id brought nothing, and no partition of ours reads under it. */
  found(id: string, now_ms: number): void {
    if (now_ms < (this.own_until_ms.get(id) ?? Number.NEGATIVE_INFINITY)) return
    if (!this.held_since_ms.has(id)) this.held_since_ms.set(id, now_ms)
  }

  /** The id that has been held the longest by somebody else; worth another look. */
  get suspect(): string | undefined {
    return this.held_since_ms.keys().next().value
  }

  /** What to tell of ids that are held for longer than any session lives without a reader. */
  complaints(now_ms: number): readonly string[] {
    return [...this.held_since_ms]
      .filter(([, since_ms]) => now_ms - since_ms >= app_ids.held_ms_max)
      .map(
        ([id, since_ms]) =>
          `app id ${id} has been held for ${Math.round((now_ms - since_ms) / minutes)} min by a session that is not ours: another worker reads these streams with the same app id, and every event is delivered twice; stop one of them, or give each an app_id of its own`,
      )
  }
}
