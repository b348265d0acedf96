/**
 * The calls by which a module tells the platform how it fares (SDK, module.py, action.py, trigger.py): all carry the run's own
 * token. A 4xx is the platform's last word; everything else is tried again, since a change that was made and never told of would be
 * made again.
 */
import { Clock, Data, Effect, Result } from "effect"
import type { Tree } from "../../core/config/read.ts"
import { isTree } from "../../core/config/read.ts"
import { Http, type HttpAnswer, type HttpRequest } from "../../core/http/client/http.ts"
import { forPurpose } from "../../core/http/client/purpose.ts"
import { retryAfterMs } from "../../core/http/client/retry-after.ts"
import { jsonObject } from "../../core/json-object.ts"
import { retry } from "../../core/limits.ts"
import { quote } from "../../core/sekoia/sekoia-error.ts"
import { platform_call as limits } from "../limits.ts"
import type { LogLine } from "./log-lines.ts"

/** The platform did not take a call, gave no answer to it, or something else answered in its place. */
export class PlatformError extends Data.TaggedError("PlatformError")<{
  /** Absent where there was no answer. */
  readonly status?: number
  /** How long the platform asks to wait. */
  readonly retry_after_ms?: number | undefined
  readonly message: string
}> {}

/** How a run of an action ended. */
export interface Finished {
  readonly results?: Readonly<Record<string, unknown>>
  readonly error?: string
  readonly logs?: string
}

export interface Urls {
  readonly callback: string
  readonly secrets: string
  readonly logs: string
}

/** What the secrets of a connector's start hold: those of the module, and those of its own configuration. */
export interface Secrets {
  readonly module: Tree
  readonly node: Tree
}

export type Platform = Effect.Success<ReturnType<typeof makePlatform>>

interface Call extends Pick<HttpRequest, "method" | "url"> {
  readonly body?: unknown
  /** The wait before try number `failures + 1`, in ms. */
  readonly wait_ms: (failures: number) => number
  /** Whether a 4xx is the platform's last word. */
  readonly final: boolean
}

/** `(2 ** failures) s`, as the SDK waits. */
const doubling_ms = (failures: number): number => 2 ** failures * 1_000

export const makePlatform = Effect.fnUntraced(function* (token: string, urls: Urls) {
  const http = yield* Http

  const once = Effect.fnUntraced(function* ({ method, url, body }: Call) {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    }
    const request = { method, url, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
    const answer = yield* http.send({ ...request, timeout_ms: limits.request_ms_max }, limits.answer_bytes_max).pipe(
      forPurpose("session"),
      Effect.mapError(({ message }) => new PlatformError({ message: `the platform: ${message}` })),
    )
    const is_page = answer.text.trimStart().startsWith("<")
    const is_success = answer.status >= 200 && answer.status < 300
    if (is_success && !is_page) return answer
    const remark = is_success ? ", but with a page," : ""
    const message = `the platform answered ${answer.status}${remark} to ${method} ${new URL(url).pathname}${quote(answer.text)}`
    const retry_after_ms = retryAfterMs(answer.headers, yield* Clock.currentTimeMillis)
    return yield* new PlatformError({ message, retry_after_ms, ...(!is_success && { status: answer.status }) })
  })

  const call = Effect.fnUntraced(function* (given: Call): Effect.fn.Return<HttpAnswer, PlatformError> {
    for (let failures = 1; ; failures++) {
      const result = yield* Effect.result(once(given))
      if (Result.isSuccess(result)) return result.success
      const { failure: error } = result
      if (failures >= limits.attempts_max || (given.final && isFinal(error.status))) return yield* error
      const wait_ms = Math.min(Math.max(given.wait_ms(failures), error.retry_after_ms ?? 0), retry.retry_after_ms_max)
      yield* Effect.logWarning(`${error.message}; tried again in ${Math.round(wait_ms / 1_000)} s`)
      yield* Effect.sleep(wait_ms)
    }
  })

  const patch = (body: unknown) =>
    call({ method: "PATCH", url: urls.callback, body, wait_ms: doubling_ms, final: true })

  /**
   * Tells that the run has begun; gives the secrets of the module's configuration, where the platform hands them over. `asks`: as
   * the SDK, an action asks for them and the validator is given them without.
   */
  const began = Effect.fnUntraced(function* ({ asks }: { readonly asks: boolean }) {
    const { text } = yield* patch({ status: "running", ...(asks && { need_secrets: true }) })
    const configuration = jsonObject(text)?.module_configuration
    return isTree(configuration) && isTree(configuration.value) ? configuration.value : {}
  })

  /** Tells how the run ended. A 409 says that the platform has ended it already: there is nothing left to tell. */
  const finished = (end: Finished) =>
    patch({ status: "finished", ...end }).pipe(
      Effect.asVoid,
      Effect.catchIf(
        ({ status }) => status === 409,
        () => Effect.logWarning("the platform has ended this run already; how it ended here was not taken"),
      ),
    )

  const waitForSecrets = (failures: number) => Math.min(2 ** (failures - 1) * 1_000, limits.secrets_wait_ms_max)

  /** The secrets of a connector. The platform may not know them yet in its first seconds: a refusal is tried again as well. */
  const secrets: Effect.Effect<Secrets, PlatformError> = Effect.gen(function* () {
    const answer = yield* call({ method: "GET", url: urls.secrets, wait_ms: waitForSecrets, final: false })
    const { value, node_value } = jsonObject(answer.text) ?? {}
    return { module: isTree(value) ? value : {}, node: isTree(node_value) ? node_value : {} }
  })

  /** One try: the lines are kept by whoever sends them. */
  const log = (lines: readonly LogLine[]) =>
    once({ method: "POST", url: urls.logs, body: { logs: lines }, wait_ms: doubling_ms, final: true }).pipe(
      Effect.asVoid,
    )

  return { began, finished, secrets, log }
})

/** Statuses that say "not now" are no last word. */
const isFinal = (status: number | undefined): boolean =>
  status !== undefined && status >= 400 && status < 500 && ![408, 425, 429].includes(status)
