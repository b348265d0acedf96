/**
 * Sekoia's intake: `POST {intake_url}/batch` with `{intake_key, jsons: ["…", …]}` (sekoia-automation-library,
 * connector/__init__.py). It answers 2xx with `event_ids`; it refuses more than 10 MiB and events over 250 000 characters.
 *
 * A status alone means nothing: login pages, proxies and wrong URLs answer 200 (go-keen issue 7, micrometer issue 1418), and
 * firewalls answer 400. Only what the intake alone would say counts, as success and as refusal of events.
 */
import { Clock, Data, Effect, FileSystem, Redacted } from "effect"
import type { Secret } from "../config/secret.ts"
import type { ConfigError, TransportError } from "../errors.ts"
import { Http, type HttpAnswer } from "../http/client/http.ts"
import { forPurpose } from "../http/client/pools.ts"
import { retryAfterMs } from "../http/client/retry-after.ts"
import { intake as limits, retry, texts } from "../limits.ts"
import { cleanText } from "../text.ts"

/**
 * Why the intake did not take a batch, and so what helps:
 * `refused`, `too_large`: the intake itself does not want these events in this request; others may pass.
 * `not_an_intake`: something answered 2xx, 400, 413 or 422 in other words than the intake's, or it acknowledged nothing. Later.
 * `wrong_key`, `misconfigured`: nothing passes until a person acts.
 * `not_ready`, `rate_limited`: later. `unavailable`: later, and whether it took the batch is not known.
 */
export class IntakeError extends Data.TaggedError("IntakeError")<{
  readonly reason:
    | "refused"
    | "too_large"
    | "not_an_intake"
    | "wrong_key"
    | "misconfigured"
    | "not_ready"
    | "rate_limited"
    | "unavailable"
  readonly status: number | undefined
  /** How long the intake asks to wait. */
  readonly retry_after_ms: number | undefined
  /** It is an answer as the intake gives them: a JSON object. */
  readonly own_words: boolean
  readonly message: string
}> {}

export interface Intake {
  /** The beginning of a request body, up to where the first event's text starts. Holds the key: never log it. */
  readonly prefix: Effect.Effect<Uint8Array, ConfigError>
  /**
   * Posts a whole body (see `Batch.body`) with so many events. Success means that the intake has taken it; gives for how many of
   * the events it has named an id. Fewer than all is a success as well, as for Sekoia's own SDK: which ones it left out it does not
   * say, and posted again the others would come twice.
   */
  readonly post: (body: Uint8Array, events: number) => Effect.Effect<number, IntakeError>
}

/** `url` is the base, without `/batch`. */
export const makeIntake = Effect.fnUntraced(function* (options: { readonly key: Secret; readonly url: string }) {
  const http = yield* Http
  const fs = yield* FileSystem.FileSystem
  const url = `${options.url.replace(/\/+$/, "")}/batch`
  const prefix = Effect.map(options.key.value, (key) =>
    new TextEncoder().encode(`{"intake_key":${JSON.stringify(Redacted.value(key))},"jsons":["`),
  ).pipe(Effect.provideService(FileSystem.FileSystem, fs))

  const post = Effect.fnUntraced(function* (body: Uint8Array, events: number) {
    const request = {
      method: "POST",
      url,
      headers: { "content-type": "application/json" },
      body,
      timeout_ms: limits.request_ms_max,
    } as const
    const answer = yield* http
      .send(request, limits.response_bytes_max)
      .pipe(forPurpose("intake"), Effect.mapError(fromTransport))
    const acknowledged = acknowledgedBy(answer, events)
    if (acknowledged !== undefined) return acknowledged
    return yield* fromAnswer(answer, yield* Clock.currentTimeMillis)
  })

  return { prefix, post } satisfies Intake
})

/** For how many events a success stands; `undefined` when it is none. An empty batch has nothing to be acknowledged. */
const acknowledgedBy = (answer: HttpAnswer, events: number): number | undefined => {
  if (answer.status < 200 || answer.status > 299) return undefined
  const said = parseObject(answer.text)
  const ids = said?.event_ids
  const acknowledged = Array.isArray(ids) ? Math.min(ids.length, events) : said?.received === true ? events : undefined
  return acknowledged === 0 && events > 0 ? undefined : acknowledged
}

const fromTransport = (error: TransportError): IntakeError =>
  new IntakeError({
    reason: "unavailable",
    status: undefined,
    retry_after_ms: undefined,
    own_words: false,
    message: error.message,
  })

const fromAnswer = (answer: HttpAnswer, now_ms: number): IntakeError => {
  const said = cleanText(answer.text, texts.answer_chars_max)
  const reason = reasonOf(answer)
  const strange = reason === "not_an_intake" ? ", but not as an intake" : ""
  const quoted = said === "" && reason === "not_an_intake" ? ": an empty body" : said === "" ? "" : `: ${said}`
  return new IntakeError({
    reason,
    status: answer.status,
    retry_after_ms: retryAfterMs(answer.headers, now_ms) ?? (answer.status === 429 ? retry.rate_limited_ms : undefined),
    own_words: parseObject(answer.text) !== undefined,
    message: `the intake answered ${answer.status}${strange}${quoted}`,
  })
}

const reasonOf = ({ status, text }: HttpAnswer): IntakeError["reason"] => {
  if (status === 401 || status === 403) return "wrong_key"
  if (status === 422 && text.includes("INTAKE_KEY_ERROR")) return "not_ready"
  if (status >= 200 && status < 300) return "not_an_intake"
  if (status === 413) return "too_large"
  if (status === 400 || status === 422) return parseObject(text) === undefined ? "not_an_intake" : "refused"
  if (status === 429) return "rate_limited"
  return status >= 500 || status === 408 || status === 425 ? "unavailable" : "misconfigured"
}

const parseObject = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
