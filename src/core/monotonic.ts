/** How long something takes, whatever happens to the wall clock meanwhile: administrators and NTP set it back. */
import type { Clock } from "effect"

/** Milliseconds from an arbitrary beginning, never going back. Only differences mean anything. */
export const monotonicMs = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe() / 1_000n) / 1_000
