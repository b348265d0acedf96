/** When a server that said "not now" wants to be asked again. */
import { retry } from "../../limits.ts"

/** Seconds, whole or with a fraction; no sign, no exponent. */
const SECONDS = /^\d+(\.\d+)?$/

/**
 * Milliseconds that an answer asks us to wait, between 0 and `retry.retry_after_ms_max`; `undefined` when its headers say
 * nothing usable. It is what the server asks, and not how long to wait: `waitMs` makes that of it.
 *
 * Falcon sends `X-RateLimit-RetryAfter`, the epoch seconds of the next allowed time (gofalcon, PSFalcon); proxies and
 * others send `Retry-After`, seconds or an HTTP date. When both are valid the longer wait counts. A point in time is compared
 * with the answer's own `Date`, so that a clock of ours that is ahead or behind does not matter, and with `now_ms` only where
 * there is none.
 */
export function retryAfterMs(headers: Headers, now_ms: number): number | undefined {
  const said_ms = httpDateMs(headers.get("date")) ?? now_ms
  const waits = [untilEpoch(headers.get("x-ratelimit-retryafter"), said_ms), delay(headers.get("retry-after"), said_ms)]
  const valid = waits.filter((ms): ms is number => ms !== undefined && Number.isFinite(ms))
  if (valid.length === 0) return undefined
  return Math.min(Math.max(0, ...valid), retry.retry_after_ms_max)
}

function untilEpoch(value: string | null, said_ms: number): number | undefined {
  const text = value?.trim() ?? ""
  return SECONDS.test(text) ? Math.ceil(Number(text) * 1_000 - said_ms) : undefined
}

function delay(value: string | null, said_ms: number): number | undefined {
  const text = value?.trim() ?? ""
  if (SECONDS.test(text)) return Math.ceil(Number(text) * 1_000)
  const date_ms = httpDateMs(text)
  return date_ms === undefined ? undefined : date_ms - said_ms
}

/** An HTTP date ends in GMT; `Date.parse` alone would take nearly anything for a date. */
function httpDateMs(value: string | null): number | undefined {
  const text = value?.trim() ?? ""
  const date_ms = text.endsWith("GMT") ? Date.parse(text) : Number.NaN
  return Number.isNaN(date_ms) ? undefined : date_ms
}
