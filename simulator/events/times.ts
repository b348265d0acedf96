import type { Random } from "./random.ts"

const day_ms = 86_400_000
const first_day_ms = Date.UTC(2026, 0, 12)

/**
 * A moment (epoch, milliseconds) within the 30 days in which all template events happened. Only the envelope's
 * eventCreationTime follows the simulator's clock; the times inside `event` are part of the template.
 */
export function drawTime(random: Random): number {
  return random.int(first_day_ms, first_day_ms + 30 * day_ms)
}

/** Epoch seconds, as most event fields have them. */
export function toSeconds(ms: number): number {
  return Math.floor(ms / 1000)
}

/** Windows FILETIME: 100 ns since 1601, above 2^53, with drawn ticks below the millisecond. */
export function toFileTime(random: Random, ms: number): bigint {
  return (BigInt(ms) + 11_644_473_600_000n) * 10_000n + BigInt(random.int(0, 9_999))
}

/** Epoch nanoseconds, above 2^53, with drawn digits below the millisecond. */
export function toNanoseconds(random: Random, ms: number): bigint {
  return BigInt(ms) * 1_000_000n + BigInt(random.int(0, 999_999))
}

/** ISO 8601 in UTC with nine digits of fraction, as Go services write it. */
export function toIsoNanoseconds(random: Random, ms: number): string {
  return new Date(ms).toISOString().replace("Z", `${String(random.int(0, 999_999)).padStart(6, "0")}Z`)
}
