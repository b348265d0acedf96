/**
 * Sekoia's intake: `POST {intake_url}/batch` with `{intake_key, jsons: ["…", …]}` (sekoia-automation-library,
 * connector/__init__.py). It answers 2xx with `event_ids`; it refuses more than 10 MiB and events over 250 000 characters.
 */
import { Clock, Data, Effect, FileSystem, Redacted } from "effect"
import type { Secret } from "../config/secret.ts"
import type { ConfigError, TransportError } from "../errors.ts"
import { Http, type HttpAnswer } from "../http/http.ts"
import { forPurpose } from "../http/pools.ts"
import { retryAfterMs } from "../http/retry-after.ts"
import { intake as limits, retry, texts } from "../limits.ts"
import { cleanText } from "../text.ts"

/**
 * Why the intake did not take a batch, and so what helps:
 * `refused`, `too_large`: these events, in this request, never; others may pass.
 * `wrong_key`, `misconfigured`: nothing passes until a person acts.
 * `not_ready`, `rate_limited`: later. `unavailable`: later, and whether it took the batch is not known.
 */
export class IntakeError extends Data.TaggedError("IntakeError")<{
  readonly reason:
    | "refused"
    | "too_large"
    | "wrong_key"
    | "misconfigured"
    | "not_ready"
    | "rate_limited"
    | "unavailable"
  readonly status: number | undefined
  /** How long the intake asks to wait. */
  readonly retry_after_ms: number | undefined
  readonly message: string
}> {}

export interface Intake {
  /** The beginning of a request body, up to where the first event's text starts. Holds the key: never log it. */
  readonly prefix: Effect.Effect<Uint8Array, ConfigError>
  /** Posts a whole body (see `Batch.body`). Success means that the intake has taken every event in it. */
  readonly post: (body: Uint8Array) => Effect.Effect<void, IntakeError>
}

/** `url` is the base, without `/batch`. */
export const makeIntake = Effect.fnUntraced(function* (options: { readonly key: Secret; readonly url: string }) {
  const http = yield* Http
  const fs = yield* FileSystem.FileSystem
  const url = `${options.url.replace(/\/+$/, "")}/batch`
  const prefix = Effect.map(options.key.value, (key) =>
    new TextEncoder().encode(`{"intake_key":${JSON.stringify(Redacted.value(key))},"jsons":["`),
  ).pipe(Effect.provideService(FileSystem.FileSystem, fs))

  const post = Effect.fnUntraced(function* (body: Uint8Array) {
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
    if (answer.status >= 200 && answer.status < 300) return
    return yield* fromAnswer(answer, yield* Clock.currentTimeMillis)
  })

  return { prefix, post } satisfies Intake
})

const fromTransport = (error: TransportError): IntakeError =>
  new IntakeError({ reason: "unavailable", status: undefined, retry_after_ms: undefined, message: error.message })

const fromAnswer = (answer: HttpAnswer, now_ms: number): IntakeError => {
  const said = cleanText(answer.text, texts.answer_chars_max)
  return new IntakeError({
    reason: reasonOf(answer),
    status: answer.status,
    retry_after_ms: retryAfterMs(answer.headers, now_ms) ?? (answer.status === 429 ? retry.rate_limited_ms : undefined),
    message: `the intake answered ${answer.status}${said === "" ? "" : `: ${said}`}`,
  })
}

const reasonOf = ({ status, text }: HttpAnswer): IntakeError["reason"] => {
  if (status === 401 || status === 403) return "wrong_key"
  if (status === 422 && text.includes("INTAKE_KEY_ERROR")) return "not_ready"
  if (status === 413) return "too_large"
  if (status === 400 || status === 422) return "refused"
  if (status === 429) return "rate_limited"
  return status >= 500 || status === 408 || status === 425 ? "unavailable" : "misconfigured"
}
