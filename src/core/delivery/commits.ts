/**
 * When the offset of a partition is stored. A store costs two syncs of the disk, as much as the delivery of some hundred events: so
 * batches that end within a short time of the last store share the next one.
 */
import { type Clock, Effect, Latch } from "effect"
import { monotonicMs } from "../monotonic.ts"
import { commits as limits } from "./limits.ts"

export interface Commits {
  /**
   * Stores the offset of a batch: done when this returns, unless a store began less than `commits.wait_ms_max` ago and has succeeded, and
   * what has been put off since holds no more events than one full batch, these included. Then this returns at once, and {@link run} stores
   * it when that time is over. `events`: those of the batch, dead letters included.
   */
  readonly soon: (offset: number, events: number) => Effect.Effect<void>
  /** Stores an offset; done when this returns. */
  readonly now: (offset: number) => Effect.Effect<void>
  /** Stores what has been put off. */
  readonly flush: Effect.Effect<void>
  /** Stores what has been put off when its time is over; never ends. */
  readonly run: Effect.Effect<never>
}

/** `store` never gives up: after it the offset is on the disk. `batch_events_max`: events of a full batch. */
export const makeCommits = (
  store: (offset: number) => Effect.Effect<void>,
  clock: Clock.Clock,
  batch_events_max: number,
): Commits => {
  const put_off = Latch.makeUnsafe(false)
  let wanted = -1
  let stored = -1
  let began_ms = Number.NEGATIVE_INFINITY
  /** Stores that have begun and not ended: with any, the disk may be full. */
  let under_way = 0
  let events_put_off = 0

  const isDone = () => wanted <= stored
  const leftMs = () => began_ms + limits.wait_ms_max - monotonicMs(clock)

  const flush = Effect.suspend(() => {
    if (isDone()) return Effect.void
    const offset = wanted
    began_ms = monotonicMs(clock)
    under_way++
    events_put_off = 0
    const ended = Effect.sync(() => void under_way--)
    const succeeded = Effect.sync(() => {
      stored = Math.max(stored, offset)
    })
    return store(offset).pipe(Effect.andThen(succeeded), Effect.ensuring(ended))
  })

  const want = (offset: number) => {
    wanted = Math.max(wanted, offset)
  }

  const now = (offset: number) =>
    Effect.suspend(() => {
      want(offset)
      return flush
    })

  const soon = (offset: number, events: number) =>
    Effect.suspend(() => {
      want(offset)
      if (under_way > 0 || leftMs() <= 0 || events_put_off + events > batch_events_max) return flush
      events_put_off += events
      put_off.openUnsafe()
      return Effect.void
    })

  const run = Effect.gen(function* () {
    for (;;) {
      if (isDone()) {
        put_off.closeUnsafe()
        yield* put_off.await
      }
      const left_ms = leftMs()
      if (left_ms > 0) yield* Effect.sleep(Math.ceil(left_ms))
      else yield* flush
    }
  })

  return { soon, now, flush, run }
}
