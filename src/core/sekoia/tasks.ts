/**
 * What Sekoia does after it has taken assets: its 200 may hold `{"task_id": "…"}`, and only `GET {base}/api/v1/tasks/{id}` tells
 * what came of them (sekoia-automation-sdk, asset_connector/async_connector.py and mixin.py). `PENDING` and `RUNNING`: it goes
 * on; `FINISHED`: the assets are there; anything else: they are not.
 */
import { Clock, Effect, Result } from "effect"
import { task as limits } from "../assets/limits.ts"
import type { ConfigError } from "../errors.ts"
import { waitMs } from "../http/client/backoff.ts"
import type { HttpAnswer, HttpRequest } from "../http/client/http.ts"
import { jsonObject } from "../json-object.ts"
import { monotonicMs } from "../monotonic.ts"
import { cleanText } from "../text.ts"
import { quote, type SekoiaError, sekoiaError } from "./sekoia-error.ts"

/** One request with the key. Fails as the status says when it is no 2xx. */
type Send = (
  request: Pick<HttpRequest, "method" | "url" | "timeout_ms">,
) => Effect.Effect<HttpAnswer, SekoiaError | ConfigError>

/** The id of the task in the answer to a post; `undefined` when Sekoia names none: then the answer was the end. */
export const taskOf = (answer: Readonly<Record<string, unknown>>): string | undefined => {
  const { task_id } = answer
  return (typeof task_id === "string" && task_id !== "") || typeof task_id === "number" ? String(task_id) : undefined
}

/**
 * Waits until a task is finished. Fails with `task_failed` when it ends in any other way, with `unfinished` when nothing is
 * known of its end after 300 s, and with `unauthorized` when the key may not ask.
 */
export const awaitTask = Effect.fnUntraced(function* (
  base_url: string,
  id: string,
  send: Send,
): Effect.fn.Return<void, SekoiaError | ConfigError> {
  const clock = yield* Clock.Clock
  const url = `${base_url}/api/v1/tasks/${encodeURIComponent(id)}`
  const until_ms = monotonicMs(clock) + limits.life_ms_max
  let last = "it is still running"
  let failures = 0
  let asked_ms: number | undefined
  for (let wait_ms: number = limits.first_wait_ms; ; wait_ms = Math.min(2 * wait_ms, limits.wait_ms_max)) {
    yield* Effect.sleep(failures === 0 ? wait_ms : Math.max(wait_ms, yield* waitMs(failures, asked_ms)))
    const result = yield* Effect.result(send({ method: "GET", url, timeout_ms: limits.request_ms_max }))
    if (Result.isSuccess(result)) {
      failures = 0
      const { status, error } = parse(result.success.text)
      if (status === "FINISHED") return
      if (status !== undefined && status !== "PENDING" && status !== "RUNNING") {
        return yield* sekoiaError("task_failed", `Sekoia took the assets, and its task ended as ${status}${error}`)
      }
      last = status === undefined ? "the answers do not tell its status" : `it is still ${status}`
    } else {
      const failure = result.failure
      if (failure._tag === "ConfigError") return yield* failure
      if (failure.reason === "unauthorized") {
        return yield* sekoiaError("unauthorized", `the key may not read what came of the assets: ${failure.message}`)
      }
      failures++
      asked_ms = failure.retry_after_ms
      last = failure.message
    }
    if (monotonicMs(clock) >= until_ms) {
      return yield* sekoiaError(
        "unfinished",
        `Sekoia took the assets, and its task is not finished after 300 s: ${last}`,
      )
    }
  }
})

/** `status` is `undefined` where the answer is none of a task: nothing is known then. */
const parse = (text: string): { readonly status: string | undefined; readonly error: string } => {
  const { status, error } = jsonObject(text) ?? {}
  const said = typeof error === "string" ? error : error === undefined || error === null ? "" : JSON.stringify(error)
  return { status: typeof status === "string" ? cleanText(status, 32).toUpperCase() : undefined, error: quote(said) }
}
