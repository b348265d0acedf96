/** What goes wrong at Sekoia's asset API. */
import { Data } from "effect"
import type { TransportError } from "../errors.ts"
import type { HttpAnswer } from "../http/client/http.ts"
import { retryAfterMs } from "../http/client/retry-after.ts"
import { texts } from "../limits.ts"
import { cleanText } from "../text.ts"

/**
 * Why the asset API did not take items, and so what helps:
 * `refused`, `too_large`: these items, in this request, never; others may pass.
 * `task_failed`: it took them, and what it did with them failed. These items or others may pass later.
 * `unauthorized`, `misconfigured`: nothing passes until a person acts: key, or connector and URL.
 * `rate_limited`, `unavailable`: later; every retry has been made. After `unavailable` it is not known whether it took them.
 * `unfinished`: it took them, and what it does with them does not come to an end.
 */
type Reason =
  | "refused"
  | "too_large"
  | "task_failed"
  | "unauthorized"
  | "misconfigured"
  | "rate_limited"
  | "unavailable"
  | "unfinished"

export class AssetApiError extends Data.TaggedError("AssetApiError")<{
  readonly reason: Reason
  readonly status: number | undefined
  /** How long the API asks to wait. */
  readonly retry_after_ms: number | undefined
  readonly message: string
}> {}

/** Without an answer that would say when to come back. */
export const assetError = (reason: Reason, message: string): AssetApiError =>
  new AssetApiError({ reason, status: undefined, retry_after_ms: undefined, message })

export const fromTransport = (error: TransportError): AssetApiError =>
  assetError("unavailable", `the asset API: ${error.message}`)

/** An answer that is no 2xx. */
export const fromAnswer = (answer: HttpAnswer, now_ms: number): AssetApiError =>
  new AssetApiError({
    reason: reasonOf(answer.status),
    status: answer.status,
    retry_after_ms: retryAfterMs(answer.headers, now_ms),
    message: `the asset API answered ${answer.status}${quote(answer.text)}`,
  })

/** What a server said, cleaned and cut, behind a colon; nothing when it said nothing. */
export const quote = (text: string): string => {
  const said = cleanText(text, texts.answer_chars_max)
  return said === "" ? "" : `: ${said}`
}

const reasonOf = (status: number): Reason => {
  if (status === 401 || status === 403) return "unauthorized"
  if (status === 413) return "too_large"
  if (status === 400 || status === 422) return "refused"
  if (status === 429) return "rate_limited"
  return status >= 500 || status === 408 || status === 425 ? "unavailable" : "misconfigured"
}
