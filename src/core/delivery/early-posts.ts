/**
 * When the batch of a partition goes although it is not full. At once, while nothing is in flight and the last one went a moment ago
 * or longer: so that few events need not wait for others. Behind the batch in flight once its oldest event has waited long enough.
 */
import { type Clock, Effect, Latch } from "effect"
import { monotonicMs } from "../monotonic.ts"
import type { Handoff } from "./handoff.ts"
import { early_posts as limits } from "./limits.ts"
import type { BatchBuilder } from "./lines/batch-builder.ts"

interface EarlyPostsOptions {
  readonly builder: BatchBuilder
  readonly handoff: Handoff
  readonly clock: Clock.Clock
  readonly batch_wait_ms_max: number
  /** How many partitions the process has now. */
  readonly partitions: () => number
}

interface EarlyPosts {
  /** Puts the open batch in the queue. Call it only when there is space, and a batch. */
  readonly put: () => void
  /** Something has changed: puts the open batch in the queue when it may go now. */
  readonly look: () => void
  /** Looks again as time passes; never ends. */
  readonly linger: Effect.Effect<never>
}

export const makeEarlyPosts = (options: EarlyPostsOptions): EarlyPosts => {
  const { builder, handoff, clock, batch_wait_ms_max, partitions } = options
  /** Looked at five times within the longest wait, and sent one look early: a busy machine is late by itself. */
  const tick_ms = Math.max(5, batch_wait_ms_max / 5)
  /** Open while there may be something to wait for: a quiet partition does nothing. */
  const filling = Latch.makeUnsafe(false)
  let put_ms = Number.NEGATIVE_INFINITY

  const pauseMs = (): number => {
    const shared_ms = (1_000 * partitions()) / limits.process_per_second_max
    return Math.min(batch_wait_ms_max, Math.max(limits.pause_ms, shared_ms))
  }

  const put = () => {
    put_ms = monotonicMs(clock)
    handoff.put(builder.take())
  }

  const look = () => {
    if (builder.empty) return
    // A full batch is put by whoever filled it, and then reads on.
    if (!builder.full && handoff.isIdle && monotonicMs(clock) - put_ms >= pauseMs()) put()
    else filling.openUnsafe()
  }

  const linger = Effect.gen(function* () {
    for (;;) {
      if (builder.empty) {
        filling.closeUnsafe()
        yield* filling.await
      }
      const left_ms = put_ms + pauseMs() - monotonicMs(clock)
      // Not longer than a pause: one may begin meanwhile. Rounded up: who wakes a moment too early has to wait again.
      yield* Effect.sleep(Math.min(tick_ms, Math.ceil(left_ms > 0 ? left_ms : pauseMs())))
      look()
      const due = builder.hasWaited(batch_wait_ms_max - 2 * tick_ms, monotonicMs(clock))
      // Not while another one waits: then it may as well fill up.
      if (due && handoff.hasSpace) put()
    }
  })

  return { put, look, linger }
}
