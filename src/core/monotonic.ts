/** How long something takes, whatever happens to the wall clock meanwhile: administrators and NTP set it back. */
import { Clock, Effect } from "effect"

/** Milliseconds from an arbitrary beginning, never going back. Only differences mean anything. */
export const monotonicMs = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe() / 1_000n) / 1_000

/** Begins to measure: gives what tells, whenever it is asked, how many milliseconds have passed since. */
export const stopwatch: Effect.Effect<() => number> = Effect.map(Clock.Clock, (clock) => {
  const begun_ms = monotonicMs(clock)
  return () => monotonicMs(clock) - begun_ms
})

/** A clock whose time never goes back and means no time of day, for code that reads the clock by itself. */
export const monotonicClock = (clock: Clock.Clock): Clock.Clock => ({
  currentTimeMillisUnsafe: () => monotonicMs(clock),
  currentTimeMillis: Effect.sync(() => monotonicMs(clock)),
  currentTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  currentTimeNanos: clock.monotonicTimeNanos,
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos,
  sleep: (duration) => clock.sleep(duration),
})
