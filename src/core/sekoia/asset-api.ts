/**
 * Sekoia's asset API: `POST {base}/api/v2/asset-management/asset-connector/{connector_uuid}` with `{version: 1, items: [OCSF…]}`
 * and the API key as bearer token (sekoia-automation-sdk, asset_connector/connector.py, where only 200 is a success).
 */
import { Clock, Effect, FileSystem, Metric, Redacted, Result } from "effect"
import { assets as limits, task as task_limits } from "../assets/limits.ts"
import type { Secret } from "../config/secret.ts"
import type { ConfigError } from "../errors.ts"
import { FailedTry } from "../failed-try.ts"
import { Http, type HttpAnswer, type HttpRequest } from "../http/client/http.ts"
import { observeCall } from "../http/client/observe-call.ts"
import { jsonObject } from "../json-object.ts"
import { retry } from "../limits.ts"
import { stopwatch } from "../monotonic.ts"
import { metrics } from "../telemetry/metrics.ts"
import { waitAfter } from "../wait-policy.ts"
import { fromAnswer, fromTransport, quote, reasonOf, type SekoiaError, sekoiaError } from "./sekoia-error.ts"
import { awaitTask, taskOf } from "./tasks.ts"

export interface AssetApi {
  /**
   * Posts items, and waits for the task that Sekoia makes of them, if it names one. Success means that Sekoia has every one of
   * them. Carries out up to 5 retries; sends the items of a task that failed again up to 2 times.
   *
   * A JSON object without a task is a success, an empty one too: older platforms answer so, and Sekoia's own client takes
   * `{}` and `{"result": "success"}` for one (sekoia-automation-sdk, tests/asset_connector/test_action.py, test_connector.py). Not so from an API that has
   * named a task before: then it is no success until it has come 6 times in a row.
   */
  readonly post: (items: readonly unknown[]) => Effect.Effect<void, SekoiaError | ConfigError>
}

export interface AssetApiOptions {
  readonly key: Secret
  /** With or without a slash at its end. */
  readonly base_url: string
  readonly connector_uuid: string
}

/** Where the assets of a connector are posted. */
const assetUrl = (base_url: string, connector_uuid: string): string =>
  `${base_url.replace(/\/+$/, "")}/api/v2/asset-management/asset-connector/${connector_uuid}`

/**
 * A refusal of items in other words than the asset API's: a firewall or a proxy refuses everything alike, and no item is at fault. A 413
 * may be about the size of the request: smaller ones are tried.
 */
const foreignRefusal = ({ status, text }: HttpAnswer, is_alone: boolean) => {
  const reason = reasonOf(status)
  const is_about_items = reason === "refused" || (reason === "too_large" && is_alone)
  if (!is_about_items || jsonObject(text) !== undefined) return {}
  return { reason: "misconfigured", remark: ", but not as an asset API" } as const
}

/** Makes the function that sends one request with the key. It fails as the status says when that is no 2xx. */
const makeAssetSend = Effect.fnUntraced(function* (key: Secret) {
  const http = yield* Http
  const fs = yield* FileSystem.FileSystem
  return Effect.fnUntraced(function* (
    request: Pick<HttpRequest, "method" | "url" | "timeout_ms" | "body">,
    /** Whether it posts one item: a refusal is about that one. */
    is_alone = true,
  ) {
    const bearer = Redacted.value(yield* Effect.provideService(key.value, FileSystem.FileSystem, fs))
    const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" }
    const answer = yield* Effect.mapError(
      http
        .send({ ...request, headers, repeatable: true }, limits.response_bytes_max)
        .pipe(observeCall({ upstream: "asset API", operation: request.method === "GET" ? "task" : "post" }, request)),
      fromTransport("the asset API"),
    )
    if (answer.status >= 200 && answer.status < 300) return answer
    const foreign = foreignRefusal(answer, is_alone)
    return yield* fromAnswer("the asset API", answer, yield* Clock.currentTimeMillis, foreign)
  })
})

/** Posts no asset at all, with this key and connector, once: success means an answer that only the asset API gives. */
export const askAssetApi = Effect.fnUntraced(function* ({ key, base_url, connector_uuid }: AssetApiOptions) {
  const send = yield* makeAssetSend(key)
  const body = JSON.stringify({ version: 1, items: [] })
  const url = assetUrl(base_url, connector_uuid)
  yield* readTaken(yield* send({ method: "POST", url, body, timeout_ms: limits.request_ms_max }))
})

/** What a 2xx answer says; fails with `unavailable` when it is in other words than the asset API's. */
const readTaken = Effect.fnUntraced(function* (
  answer: HttpAnswer,
): Effect.fn.Return<Readonly<Record<string, unknown>>, SekoiaError> {
  const took = jsonObject(answer.text)
  if (took === undefined || isRefusal(took)) {
    const what = `the asset API answered ${answer.status}, but not as an asset API that took them${quote(answer.text)}`
    return yield* sekoiaError("unavailable", what)
  }
  return took
})

export const makeAssetApi = Effect.fnUntraced(function* ({ key, base_url, connector_uuid }: AssetApiOptions) {
  const send = yield* makeAssetSend(key)
  const url = assetUrl(base_url, connector_uuid)
  const base = base_url.replace(/\/+$/, "")
  /** Answers in a row that named no task, since one did; `undefined` while none ever has. */
  let taskless: number | undefined

  /** Waits for the end of what an answer began. Fails with `unavailable` where tasks were named and this answer names none, up to 5 times in a row. */
  const awaitTaken = Effect.fnUntraced(function* (
    took: Readonly<Record<string, unknown>>,
  ): Effect.fn.Return<void, SekoiaError | ConfigError> {
    const task = taskOf(took)
    if (task !== undefined) {
      taskless = 0
      return yield* awaitTask(base, task, send)
    }
    if (taskless === undefined || ++taskless > task_limits.taskless_doubted) return
    const what = "the asset API took them and named no task, as it did before: it is asked again until that is believed"
    return yield* sekoiaError("unavailable", what)
  })

  const postOnce = Effect.fnUntraced(function* (body: string, is_alone: boolean) {
    const elapsedMs = yield* stopwatch
    const request = { method: "POST", url, body, timeout_ms: limits.request_ms_max } as const
    const took = yield* readTaken(yield* send(request, is_alone))
    yield* Metric.update(metrics.asset_post_seconds, elapsedMs() / 1_000)
    yield* awaitTaken(took)
  })

  const post = Effect.fnUntraced(function* (
    items: readonly unknown[],
  ): Effect.fn.Return<void, SekoiaError | ConfigError> {
    const body = JSON.stringify({ version: 1, items })
    for (let attempt = 1; ; attempt++) {
      const result = yield* Effect.result(postOnce(body, items.length === 1))
      if (Result.isSuccess(result)) return
      const error = result.failure
      if (error._tag === "ConfigError" || attempt > retriesOf(error.reason)) return yield* error
      yield* Metric.update(Metric.withAttributes(metrics.asset_post_retries, { reason: error.reason }), 1)
      const { message, reason, retry_after_ms } = error
      if (reason !== "rate_limited") yield* (yield* FailedTry)(error)
      yield* waitAfter({
        recovery: "retry",
        failures: attempt,
        retry_after_ms,
        least_ms: leastMs(error, attempt),
        message,
      })
    }
  })

  return { post } satisfies AssetApi
})

/** How often the same items are sent again at once. */
const retriesOf = (reason: SekoiaError["reason"]): number => {
  if (reason === "rate_limited" || reason === "unavailable") return retry.attempts_max
  return reason === "task_failed" ? task_limits.retries_max : 0
}

/**
 * After a 429 that does not say when to come back: a minute, twice as long each time, a quarter of an hour at most. Sekoia's own
 * SDK waits for an hour at once, which nobody documents as a rule of the server.
 */
const leastMs = ({ reason, retry_after_ms }: SekoiaError, attempt: number): number =>
  reason === "rate_limited" && retry_after_ms === undefined ? retry.rate_limited_ms * 2 ** (attempt - 1) : 0

/**
 * A 2xx that says of itself that it is none: `success`, `result` or `status` in a word for failure, errors, `code` and `message` (how the
 * asset API tells an error: sekoia-automation-sdk, connector.py); or one that speaks as Falcon or an intake does: then the address is not
 * the asset API's.
 */
const isRefusal = (took: Readonly<Record<string, unknown>>): boolean => {
  const { success, result, status, error, errors, code, message } = took
  const is_denied = [success, result, status].some((word) => failure_form.test(String(word)))
  const is_error = code !== undefined && message !== undefined && taskOf(took) === undefined
  const is_foreign = "resources" in took || "event_ids" in took
  return is_denied || says(error) || says(errors) || is_error || is_foreign
}

const failure_form = /^(false|errors?|fail|failed|failure|denied|refused|rejected)$/i

/** Whether something stands there: not `null`, and no empty text, list or object. */
const says = (value: unknown): boolean =>
  typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value)
