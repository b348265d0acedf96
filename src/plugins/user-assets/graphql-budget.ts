/**
 * The point budget of Identity Protection's GraphQL, which every answer reports in `extensions`: `remainingPoints`,
 * `consumedPoints`, `reset`. Where in `extensions` they stand, and the unit of `reset`, nobody documents: they are looked for in
 * the objects below, and `reset` is read as seconds, epoch seconds, epoch milliseconds or ISO 8601, by its size and form.
 */
import { textOf, timeMs } from "../../core/assets/read-fields.ts"
import { fieldsOf } from "../../core/json-object.ts"
import { retry } from "../../core/limits.ts"

export interface Cost {
  readonly remaining: number
  readonly consumed: number
  readonly reset: unknown
}

/** The budget that an answer reports; `undefined` when it says nothing about one. */
export const costOf = (extensions: unknown): Cost | undefined => {
  const own = fieldsOf(extensions)
  const holder = [own, ...Object.values(own).map(fieldsOf)].find(
    (fields) => numberOf(fields.remainingPoints) !== undefined,
  )
  if (holder === undefined) return undefined
  return {
    remaining: numberOf(holder.remainingPoints)!,
    consumed: numberOf(holder.consumedPoints) ?? 0,
    reset: holder.reset,
  }
}

/** How long to wait before a page that costs as much as the last one: nothing while the budget has room for it. */
export const pauseMs = (cost: Cost | undefined, now_ms: number): number => {
  if (cost === undefined || cost.remaining >= Math.max(cost.consumed, 1)) return 0
  const wait_ms = untilReset(cost.reset, now_ms) ?? retry.rate_limited_ms
  return Math.min(Math.max(wait_ms, 1_000), retry.retry_after_ms_max)
}

/** Smaller numbers are seconds from now, larger ones points in time. */
const epoch_s_min = 1e9
const epoch_ms_min = 1e12

const untilReset = (reset: unknown, now_ms: number): number | undefined => {
  const number = numberOf(reset)
  if (number === undefined) {
    const at_ms = timeMs(reset)
    return at_ms === undefined ? undefined : at_ms - now_ms
  }
  if (number < epoch_s_min) return number * 1_000
  return (number < epoch_ms_min ? number * 1_000 : number) - now_ms
}

const numberOf = (value: unknown): number | undefined => {
  const number = typeof value === "number" ? value : Number(textOf(value) ?? Number.NaN)
  return Number.isFinite(number) ? number : undefined
}
