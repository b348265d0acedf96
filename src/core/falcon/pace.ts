/** How fast requests go: at a rate of this process' own, or at its share of one that the processes of a cluster have in common. */
import { Clock, Context, Effect, type Scope } from "effect"
import { RateLimiter } from "effect/persistence"
import { monotonicClock } from "../monotonic.ts"

export interface Pace {
  /** Waits until so many requests may go. One fiber at a time. */
  readonly pay: (requests: number) => Effect.Effect<void>
  /** Until when nobody may send, as another process was told; milliseconds of the monotonic clock. */
  readonly heldUntilMs: () => number
  /** Tells the others that nobody may send for so long. */
  readonly hold: (wait_ms: number) => Effect.Effect<void>
}

/** A rate: no second sees more than `per_second_max`, of which `burst_max` may go at once. */
export interface Rate {
  readonly per_second_max: number
  readonly burst_max: number
}

/** Milliseconds until one more request may go, once the burst is spent. */
export const refillMs = ({ per_second_max, burst_max }: Rate): number => 1_000 / (per_second_max - burst_max)

/** Makes the pace of a tenant's calls that is shared with other processes; each process has its own where nothing is provided. */
export const SharedPace = Context.Reference<((rate: Rate) => Effect.Effect<Pace, never, Scope.Scope>) | undefined>(
  "akonis/core/SharedPace",
  { defaultValue: () => undefined },
)

/** A token bucket of this process alone. */
export const ownPace = Effect.fnUntraced(function* (rate: Rate): Effect.fn.Return<Pace> {
  const limiter = yield* Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory)
  // The limiter reads the clock by itself: a wall clock that jumps ahead would fill the bucket at once, one that is set back
  // would not refill it for as long.
  const steady = monotonicClock(yield* Clock.Clock)
  const bucket = {
    key: "budget",
    algorithm: "token-bucket",
    limit: rate.burst_max,
    window: refillMs(rate) * rate.burst_max,
  } as const
  return {
    pay: (tokens) =>
      Effect.orDie(RateLimiter.sleep(limiter, { ...bucket, tokens })).pipe(Effect.provideService(Clock.Clock, steady)),
    heldUntilMs: () => Number.NEGATIVE_INFINITY,
    hold: () => Effect.void,
  }
})
