/**
 * Sekoia's intake as a destination: `POST {intake_url}/batch` with `{intake_key, jsons: ["…", …]}` (sekoia-automation-library,
 * connector/__init__.py). It answers 2xx with `event_ids`; it refuses more than 10 MiB and events over 250 000 characters.
 *
 * A status alone means nothing: login pages, proxies and wrong URLs answer 200 (go-keen issue 7, micrometer issue 1418), and
 * firewalls answer 400. Only what the intake alone would say counts, as success and as refusal of events.
 */
import { Clock, Effect, FileSystem, Redacted, Result } from "effect"
import type { Secret } from "../config/secret.ts"
import { DeliveryError, type DeliveryRecovery, type Destination } from "../delivery/destination.ts"
import { delivery } from "../delivery/limits.ts"
import type { RejectReason } from "../delivery/lines/batch.ts"
import type { Framing } from "../delivery/lines/framing.ts"
import type { ConfigError } from "../errors.ts"
import { Http, type HttpAnswer } from "../http/client/http.ts"
import { observeCall } from "../http/client/observe-call.ts"
import { forPurpose } from "../http/client/purpose.ts"
import { jsonObject } from "../json-object.ts"
import { retry } from "../limits.ts"
import { intake as limits } from "./limits.ts"
import { routed_event_types } from "./routed-types.ts"
import { fromAnswer, quote, reasonOf, type SekoiaError, type SekoiaReason } from "./sekoia-error.ts"

export interface IntakeOptions {
  readonly key: Secret
  /** With or without a slash at its end. */
  readonly url: string
  /** Where the configuration says how the intake is reached, for messages. */
  readonly config_keys: readonly string[]
}

const encoder = new TextEncoder()

/** `{"intake_key":"…","jsons":["…","…"]}`, where each `…` of the list is an event inside of a JSON string. */
export const intake_framing: Framing = {
  escapes: true,
  separator: encoder.encode('","'),
  tail: encoder.encode('"]}'),
  head_bytes_max: 1_024,
  events_max: delivery.batch_events_max,
  bytes_max: delivery.batch_bytes_max,
  event_chars_max: delivery.event_chars_max,
}

export const makeIntake = Effect.fnUntraced(function* (options: IntakeOptions) {
  const http = yield* Http
  const fs = yield* FileSystem.FileSystem
  const url = `${options.url.replace(/\/+$/, "")}/batch`
  const head = Effect.map(options.key.value, (key) => headOf(Redacted.value(key))).pipe(
    Effect.provideService(FileSystem.FileSystem, fs),
    Effect.mapError((error) => noKey(error, options.config_keys)),
  )

  const post = Effect.fnUntraced(function* (body: Uint8Array, events: number) {
    const request = {
      method: "POST",
      url,
      headers: { "content-type": "application/json" },
      repeatable: true,
      body,
      timeout_ms: limits.request_ms_max,
    } as const
    const answer = yield* http.send(request, limits.response_bytes_max).pipe(
      forPurpose("intake"),
      observeCall({ upstream: "intake", operation: "post" }, request),
      Effect.mapError(({ message }) => new DeliveryError({ reason: "unavailable", recovery: "retry", message })),
    )
    const acknowledged = acknowledgedBy(answer, events)
    if (acknowledged !== undefined) return acknowledged
    const error = notTaken(answer, yield* Clock.currentTimeMillis)
    return yield* asDeliveryError(error, options.config_keys, events, jsonObject(answer.text) !== undefined)
  })

  /**
   * Posts an empty batch, with the key and with a made-up one. Only the intake's own words count as an answer; and only where the made-up
   * key is refused has the intake looked at ours.
   */
  const check = Effect.gen(function* () {
    const ours = yield* Effect.result(post(emptyBody(yield* head), 0))
    if (Result.isFailure(ours) && ours.failure.recovery !== "bisect") return yield* ours.failure
    const stranger = yield* Effect.result(post(emptyBody(headOf(`akonis-check-${crypto.randomUUID()}`)), 0))
    if (Result.isFailure(stranger) && stranger.failure.reason === "unauthorized")
      return { verified: true, detail: `${options.url} takes the key, and refuses a made-up one` }
    const said = Result.isFailure(ours) ? `: ${ours.failure.message}` : ""
    const detail = `${options.url} answers as an intake, and to a made-up key in the same way: whether it takes ours is not known`
    return { verified: false, detail: detail + said }
  })

  return {
    name: "intake",
    framing: intake_framing,
    routed_types: routed_event_types,
    is_exclusive: false,
    head,
    post,
    check,
  } satisfies Destination
})

const headOf = (key: string): Uint8Array => encoder.encode(`{"intake_key":${JSON.stringify(key)},"jsons":["`)

/** A body without an event. */
const emptyBody = (head: Uint8Array): Uint8Array => encoder.encode(`${new TextDecoder().decode(head).slice(0, -1)}]}`)

/**
 * For how many events a success stands; `undefined` when it is none: `received` beside an error names nothing that was taken. An empty batch
 * has nothing to be acknowledged.
 */
const acknowledgedBy = (answer: HttpAnswer, events: number): number | undefined => {
  if (answer.status < 200 || answer.status > 299) return undefined
  const said = jsonObject(answer.text)
  const ids = said?.event_ids
  const took = said?.received === true && said.success !== false && !said.error && !said.errors ? events : undefined
  const acknowledged = Array.isArray(ids) ? Math.min(ids.filter(isId).length, events) : took
  return acknowledged === 0 && events > 0 ? undefined : acknowledged
}

const isId = (id: unknown): boolean => (typeof id === "string" && id !== "") || typeof id === "number"

const noKey = ({ source, message: why }: ConfigError, config_keys: readonly string[]): DeliveryError =>
  new DeliveryError({ reason: "no_key", recovery: "operator", config_keys, message: `${source}: ${why}` })

const notTaken = (answer: HttpAnswer, now_ms: number): SekoiaError => {
  const reason = intakeReasonOf(answer)
  if (reason !== "not_an_intake") return fromAnswer("the intake", answer, now_ms, { reason })
  const nothing = quote(answer.text) === "" ? ": an empty body" : ""
  return fromAnswer("the intake", answer, now_ms, { reason, remark: `, but not as an intake${nothing}` })
}

/** Beyond what the status says: which of the intake's own words, and whether they are its own. */
const intakeReasonOf = ({ status, text }: HttpAnswer): SekoiaReason => {
  if (status === 422 && text.includes("INTAKE_KEY_ERROR")) return "not_ready"
  if (status >= 200 && status < 300) return "not_an_intake"
  const reason = reasonOf(status)
  return reason === "refused" && jsonObject(text) === undefined ? "not_an_intake" : reason
}

/**
 * What helps. A 413 in a proxy's words may be about the size of the request: smaller ones are tried, but no event becomes a dead
 * letter for it.
 */
const asDeliveryError = (
  { reason, status, retry_after_ms, message }: SekoiaError,
  config_keys: readonly string[],
  events: number,
  own_words: boolean,
): DeliveryError => {
  const asked_ms = retry_after_ms ?? (status === 429 ? retry.rate_limited_ms : undefined)
  const of = (recovery: DeliveryRecovery, more: { config_keys?: readonly string[]; dead_letter?: RejectReason } = {}) =>
    new DeliveryError({ reason, recovery, retry_after_ms: asked_ms, message, ...more })
  if (reason === "refused") return of("bisect", { dead_letter: "refused_by_intake" })
  if (reason === "too_large" && (own_words || events > 1)) return of("bisect", { dead_letter: "too_large_for_intake" })
  if (reason === "too_large" || reason === "not_an_intake") return of("retry", { config_keys })
  if (reason === "unauthorized" || reason === "misconfigured") return of("operator", { config_keys })
  return of(reason === "not_ready" ? "wait" : "retry")
}
