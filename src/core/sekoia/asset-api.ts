/**
 * Sekoia's asset API: `POST {base}/api/v2/asset-management/asset-connector/{connector_uuid}` with `{version: 1, items: [OCSF…]}`
 * and the API key as bearer token (sekoia-automation-sdk, asset_connector/connector.py, where only 200 is a success).
 */
import { Clock, Data, Effect, FileSystem, Metric, Redacted, Result } from "effect"
import type { Secret } from "../config/secret.ts"
import type { ConfigError, TransportError } from "../errors.ts"
import { waitMs } from "../http/backoff.ts"
import { Http, type HttpAnswer } from "../http/http.ts"
import { retryAfterMs } from "../http/retry-after.ts"
import { assets as limits, retry, texts } from "../limits.ts"
import { metrics } from "../telemetry/metrics.ts"
import { cleanText } from "../text.ts"

/**
 * Why the asset API did not take items, and so what helps:
 * `refused`, `too_large`: these items, in this request, never; others may pass.
 * `unauthorized`, `misconfigured`: nothing passes until a person acts: key, or connector and URL.
 * `rate_limited`, `unavailable`: later; every retry has been made. After `unavailable` it is not known whether it took them.
 */
export class AssetApiError extends Data.TaggedError("AssetApiError")<{
  readonly reason: "refused" | "too_large" | "unauthorized" | "misconfigured" | "rate_limited" | "unavailable"
  readonly status: number | undefined
  /** How long the API asks to wait. */
  readonly retry_after_ms: number | undefined
  readonly message: string
}> {}

export interface AssetApi {
  /** Posts items. Success means that Sekoia has taken every one of them. Carries out up to 5 retries. */
  readonly post: (items: readonly unknown[]) => Effect.Effect<void, AssetApiError | ConfigError>
}

export interface AssetApiOptions {
  readonly key: Secret
  /** With or without a slash at its end. */
  readonly base_url: string
  readonly connector_uuid: string
}

export const makeAssetApi = Effect.fnUntraced(function* ({ key, base_url, connector_uuid }: AssetApiOptions) {
  const http = yield* Http
  const fs = yield* FileSystem.FileSystem
  const url = `${base_url.replace(/\/+$/, "")}/api/v2/asset-management/asset-connector/${connector_uuid}`

  const postOnce = Effect.fnUntraced(function* (body: string) {
    const bearer = Redacted.value(yield* Effect.provideService(key.value, FileSystem.FileSystem, fs))
    const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" }
    const request = { method: "POST", url, headers, body, timeout_ms: limits.request_ms_max } as const
    const answer = yield* Effect.mapError(http.send(request, limits.response_bytes_max), fromTransport)
    if (answer.status >= 200 && answer.status < 300) return
    return yield* fromAnswer(answer, yield* Clock.currentTimeMillis)
  })

  const post = Effect.fnUntraced(function* (
    items: readonly unknown[],
  ): Effect.fn.Return<void, AssetApiError | ConfigError> {
    const body = JSON.stringify({ version: 1, items })
    for (let attempt = 1; ; attempt++) {
      const began_ms = yield* Clock.currentTimeMillis
      const result = yield* Effect.result(postOnce(body))
      if (Result.isSuccess(result)) {
        const took_ms = (yield* Clock.currentTimeMillis) - began_ms
        return yield* Metric.update(metrics.asset_post_seconds, took_ms / 1_000)
      }
      const error = result.failure
      if (attempt > retry.attempts_max || !mayPassLater(error)) return yield* error
      const wait_ms = yield* waitMs(attempt, error.retry_after_ms)
      yield* Metric.update(Metric.withAttributes(metrics.asset_post_retries, { reason: error.reason }), 1)
      yield* Effect.logWarning(`${error.message}; next try in ${Math.round(wait_ms / 100) / 10} s`)
      yield* Effect.sleep(wait_ms)
    }
  })

  return { post } satisfies AssetApi
})

const mayPassLater = (error: AssetApiError | ConfigError): error is AssetApiError =>
  error._tag === "AssetApiError" && (error.reason === "rate_limited" || error.reason === "unavailable")

const fromTransport = (error: TransportError): AssetApiError =>
  new AssetApiError({
    reason: "unavailable",
    status: undefined,
    retry_after_ms: undefined,
    message: `the asset API: ${error.message}`,
  })

const fromAnswer = (answer: HttpAnswer, now_ms: number): AssetApiError => {
  const said = cleanText(answer.text, texts.answer_chars_max)
  return new AssetApiError({
    reason: reasonOf(answer.status),
    status: answer.status,
    retry_after_ms: retryAfterMs(answer.headers, now_ms) ?? (answer.status === 429 ? retry.rate_limited_ms : undefined),
    message: `the asset API answered ${answer.status}${said === "" ? "" : `: ${said}`}`,
  })
}

const reasonOf = (status: number): AssetApiError["reason"] => {
  if (status === 401 || status === 403) return "unauthorized"
  if (status === 413) return "too_large"
  if (status === 400 || status === 422) return "refused"
  if (status === 429) return "rate_limited"
  return status >= 500 || status === 408 || status === 425 ? "unavailable" : "misconfigured"
}
