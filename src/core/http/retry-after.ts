/** When a server that said "not now" wants to be asked again. */
import { retry } from "../limits.ts"

/** Seconds, whole or with a fraction; no sign, no exponent. */
const SECONDS = /^\d+(\.\d+)?$/

/**
 * Milliseconds to wait, between 0 and `retry.retry_after_ms_max`; `undefined` when the headers say nothing usable.
 *
 * Falcon sends `X-RateLimit-RetryAfter`, the epoch seconds of the next allowed time (gofalcon, PSFalcon); proxies and
 * others send `Retry-After`, seconds or an HTTP date. When both are valid the longer wait counts.
 */
export function retryAfterMs(headers: Headers, now_ms: number): number | undefined {
  const waits = [untilEpoch(headers.get("x-ratelimit-retryafter"), now_ms), delay(headers.get("retry-after"), now_ms)]
  const valid = waits.filter((ms): ms is number => ms !== undefined && Number.isFinite(ms))
  if (valid.length === 0) return undefined
  return Math.min(Math.max(0, ...valid), retry.retry_after_ms_max)
}

function untilEpoch(value: string | null, now_ms: number): number | undefined {
  const text = value?.trim() ?? ""
  return SECONDS.test(text) ? Math.ceil(Number(text) * 1_000 - now_ms) : undefined
}

function delay(value: string | null, now_ms: number): number | undefined {
  const text = value?.trim() ?? ""
  if (SECONDS.test(text)) return Math.ceil(Number(text) * 1_000)
  // An HTTP date ends in GMT; Date.parse alone would take nearly anything for a date.
  const date_ms = text.endsWith("GMT") ? Date.parse(text) : Number.NaN
  return Number.isNaN(date_ms) ? undefined : date_ms - now_ms
}
