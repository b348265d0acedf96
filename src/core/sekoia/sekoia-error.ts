/**
 * What goes wrong at Sekoia, at the intake and at the asset API alike: one family of errors, with one reading of statuses.
 */
import { Data } from "effect"
import type { TransportError } from "../errors.ts"
import type { HttpAnswer } from "../http/client/http.ts"
import { retryAfterMs } from "../http/client/retry-after.ts"
import { texts } from "../limits.ts"
import { cleanText } from "../text.ts"

/**
 * Why something was not taken, and so what helps:
 * `refused`, `too_large`: these events or items, in this request, never; others may pass.
 * `task_failed`: assets were taken, and what Sekoia did with them failed. These items or others may pass later.
 * `unauthorized`, `misconfigured`: nothing passes until a person acts: key, connector, URL.
 * `not_ready`, `rate_limited`, `unavailable`: later. After `unavailable` it is not known whether something was taken.
 * `not_an_intake`: the answer is in other words than the intake's, or acknowledges nothing. Later, and a person should look.
 * `unfinished`: assets were taken, and what Sekoia does with them does not come to an end.
 */
export type SekoiaReason =
  | "refused"
  | "too_large"
  | "task_failed"
  | "unauthorized"
  | "misconfigured"
  | "not_ready"
  | "rate_limited"
  | "unavailable"
  | "not_an_intake"
  | "unfinished"

export class SekoiaError extends Data.TaggedError("SekoiaError")<{
  readonly reason: SekoiaReason
  readonly status: number | undefined
  /** How long Sekoia asks to wait. */
  readonly retry_after_ms: number | undefined
  readonly message: string
}> {}

/** Without an answer that would say when to come back. */
export const sekoiaError = (reason: SekoiaReason, message: string): SekoiaError =>
  new SekoiaError({ reason, status: undefined, retry_after_ms: undefined, message })

/** No answer, or half of one. `part`: who was asked, as in "the asset API". */
export const fromTransport =
  (part: string) =>
  (error: TransportError): SekoiaError =>
    sekoiaError("unavailable", `${part}: ${error.message}`)

/** An answer that is no success. `remark` stands in the message before what the answer says. */
export const fromAnswer = (
  part: string,
  answer: HttpAnswer,
  now_ms: number,
  { reason = reasonOf(answer.status), remark = "" }: { reason?: SekoiaReason; remark?: string } = {},
): SekoiaError =>
  new SekoiaError({
    reason,
    status: answer.status,
    retry_after_ms: retryAfterMs(answer.headers, now_ms),
    message: `${part} answered ${answer.status}${remark}${quote(answer.text)}`,
  })

/** What a server said, cleaned and cut, behind a colon; nothing when it said nothing. */
export const quote = (text: string): string => {
  const said = cleanText(text, texts.answer_chars_max)
  return said === "" ? "" : `: ${said}`
}

/** What a status says by itself, one of success left out. */
export const reasonOf = (status: number): SekoiaReason => {
  if (status === 401 || status === 403) return "unauthorized"
  if (status === 413) return "too_large"
  if (status === 400 || status === 422) return "refused"
  if (status === 429) return "rate_limited"
  return status >= 500 || status === 408 || status === 425 ? "unavailable" : "misconfigured"
}
