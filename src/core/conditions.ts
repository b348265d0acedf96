/** Lets fibers wait until synchronous state has come to be as they want it. */
import { Effect } from "effect"

interface Waiter {
  readonly holds: () => boolean
  readonly resume: () => void
}

/**
 * Conditions on state that plain code changes. Whoever changes it calls {@link changed}. No change is missed, since a condition is
 * looked at in the step in which its waiter is registered.
 */
export class Conditions {
  private readonly waiters = new Set<Waiter>()

  /** Waits until `holds` gives true. It may be false again when the waiter goes on: look before acting on it. */
  until(holds: () => boolean): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      if (holds()) return resume(Effect.void)
      const waiter: Waiter = { holds, resume: () => resume(Effect.void) }
      this.waiters.add(waiter)
      return Effect.sync(() => void this.waiters.delete(waiter))
    })
  }

  /** Wakes everybody whose condition holds now. */
  changed(): void {
    for (const waiter of this.waiters)
      if (waiter.holds()) {
        this.waiters.delete(waiter)
        waiter.resume()
      }
  }
}
