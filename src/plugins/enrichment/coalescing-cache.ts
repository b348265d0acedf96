/** Lookups that are remembered for a while, and shared while they are under way. */
import { Clock, Effect, Fiber, Metric, Scope } from "effect"
import { LRUCache } from "lru-cache"
import { monotonicMs } from "../../core/monotonic.ts"
import { metrics } from "./metrics.ts"

export interface CoalescingCache<Value extends object, E> {
  /**
   * What is known of `key`, or what `lookup` finds. Whoever asks for the same key meanwhile waits for the same lookup; it is
   * interrupted when nobody waits any more. Failures are not remembered.
   */
  readonly get: (key: string, lookup: Effect.Effect<Value, E>) => Effect.Effect<Value, E>
}

interface Flight<Value, E> {
  readonly fiber: Fiber.Fiber<Value, E>
  waiting: number
}

/** `kind` is the label of its hits. Lives in the scope where it is made. */
export const makeCoalescingCache = Effect.fnUntraced(function* <Value extends object, E>(options: {
  readonly kind: string
  readonly entries_max: number
  readonly life_ms: number
  /** When given, the values together hold at most `size_max`. */
  readonly size?: { readonly of: (value: Value) => number; readonly size_max: number }
}): Effect.fn.Return<CoalescingCache<Value, E>, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const scope = yield* Scope.Scope
  const cache = new LRUCache<string, Value>({
    max: options.entries_max,
    ttl: options.life_ms,
    // By Effect's clock, and without a timer of its own. A time of 0 means "for ever" there.
    ttlResolution: 0,
    perf: { now: () => 1 + monotonicMs(clock) },
    ...(options.size && { maxSize: options.size.size_max, sizeCalculation: options.size.of }),
  })
  const flights = new Map<string, Flight<Value, E>>()
  const hit = Metric.update(Metric.withAttributes(metrics.enrichment_cache_hits, { kind: options.kind }), 1)

  const join = Effect.fnUntraced(function* (key: string, lookup: Effect.Effect<Value, E>) {
    const running = flights.get(key)
    if (running !== undefined) {
      // Counted before anything else happens: whoever leaves meanwhile must see that somebody waits.
      running.waiting++
      yield* hit
      return running
    }
    const remembered = Effect.tap(lookup, (value) => Effect.sync(() => cache.set(key, value)))
    const flight: Flight<Value, E> = {
      fiber: yield* Effect.forkIn(Effect.interruptible(remembered), scope),
      waiting: 1,
    }
    flights.set(key, flight)
    flight.fiber.addObserver(() => void (flights.get(key) === flight && flights.delete(key)))
    return flight
  })

  const leave = (key: string, flight: Flight<Value, E>) =>
    Effect.suspend(() => {
      flight.waiting--
      if (flight.waiting > 0) return Effect.void
      if (flights.get(key) === flight) flights.delete(key)
      return Fiber.interrupt(flight.fiber)
    })

  const get = (key: string, lookup: Effect.Effect<Value, E>): Effect.Effect<Value, E> =>
    Effect.suspend(() => {
      const known = cache.get(key)
      if (known !== undefined) return Effect.as(hit, known)
      return Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(join(key, lookup), (flight) =>
          Effect.ensuring(restore(Fiber.join(flight.fiber)), leave(key, flight)),
        ),
      )
    })

  return { get } satisfies CoalescingCache<Value, E>
})
