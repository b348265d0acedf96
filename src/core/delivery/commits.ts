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
  /** How what has been put off goes along with a store of another partition. */
  readonly passenger: Passenger
}

/** What one partition has put off, for the store that another partition of the same file begins. */
export interface Passenger {
  /** A store begins: the offset that it is to hold, -1 for none. One that is given has to be followed by {@link end}. */
  readonly begin: () => number
  /** The store has ended; `is_stored` when the offset is on the disk. */
  readonly end: (offset: number, is_stored: boolean) => Effect.Effect<void>
}

/**
 * `store` never gives up: after it the offset is on the disk. `batch_events_max`: events of a full batch. `onStored` is told of every
 * offset that is on the disk, whoever has stored it.
 */
export const makeCommits = (
  store: (offset: number) => Effect.Effect<void>,
  clock: Clock.Clock,
  batch_events_max: number,
  onStored: (offset: number) => Effect.Effect<void>,
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

  const begin = (): number => {
    began_ms = monotonicMs(clock)
    under_way++
    events_put_off = 0
    return wanted
  }

  const end = (offset: number, is_stored: boolean) =>
    Effect.suspend(() => {
      under_way--
      if (is_stored) stored = Math.max(stored, offset)
      // Nothing is put off behind a store that failed.
      else began_ms = Number.NEGATIVE_INFINITY
      return is_stored ? onStored(offset) : Effect.void
    })

  const flush = Effect.suspend(() => {
    if (isDone()) return Effect.void
    const offset = begin()
    return Effect.onExit(store(offset), ({ _tag }) => end(offset, _tag === "Success"))
  })

  const passenger: Passenger = { begin: () => (isDone() || under_way > 0 ? -1 : begin()), end }

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

  return { soon, now, flush, run, passenger }
}
