/** One request over the `fetch` that is given: sent, timed, and its answer read within bounds. Web standards only. */
import { Effect, type Scope } from "effect"
import type { TransportError } from "../../errors.ts"
import { invalidUrl, timedOut, tooLarge, transportError } from "./fetch-error.ts"
import type { Http, HttpAnswer, HttpRequest } from "./http.ts"
import { hostOf } from "./pool.ts"

/** Begins a request. Rejects with a `TransportError`. */
export type Start = (request: HttpRequest, url: URL, signal: AbortSignal) => Promise<Response>

/**
 * One request and its whole answer; interruption closes the connection. One callback with a timer of its own, since racing
 * two fibers was measured to cost as much as the rest of the exchange.
 */
export const exchange = (
  start: Start,
  request: HttpRequest,
  bytes_max: number,
): Effect.Effect<HttpAnswer, TransportError> =>
  Effect.callback((resume) => {
    const url = URL.parse(request.url)
    if (url === null) return resume(Effect.fail(invalidUrl()))
    const ended = new AbortController()
    const timer = setTimeout(() => {
      resume(Effect.fail(timedOut(url.host, request.timeout_ms)))
      ended.abort()
    }, request.timeout_ms)
    const finish = (answer: Effect.Effect<HttpAnswer, TransportError>) => {
      clearTimeout(timer)
      resume(answer)
    }
    const whole = async () => {
      const response = await start(request, url, ended.signal)
      const text = await readWhole(response, bytes_max)
      if (text === undefined) return finish(Effect.fail(tooLarge(url.host, bytes_max)))
      finish(Effect.succeed({ status: response.status, headers: response.headers, text }))
    }
    whole().catch((cause: unknown) => finish(Effect.fail(transportError(cause, url.host))))
    return Effect.sync(() => {
      clearTimeout(timer)
      ended.abort()
    })
  })

/** `Http.open` over `fetch`, for runtimes whose `fetch` carries any number of requests at once. */
export const openOverFetch =
  (start: Start): Http["Service"]["open"] =>
  (request) =>
    Effect.timeoutOrElse(connect(start, request), {
      duration: request.timeout_ms,
      orElse: () => Effect.fail(timedOut(hostOf(request.url), request.timeout_ms)),
    })

/** Until the headers are here. The connection lives as long as the scope; interruption closes it at once. */
const connect = Effect.fnUntraced(function* (
  start: Start,
  request: HttpRequest,
): Effect.fn.Return<Response, TransportError, Scope.Scope> {
  const url = URL.parse(request.url)
  if (url === null) return yield* invalidUrl()
  const ended = yield* Effect.acquireRelease(
    Effect.sync(() => new AbortController()),
    (controller) => Effect.sync(() => controller.abort()),
  )
  return yield* Effect.tryPromise({
    try: (interrupted) => start(request, url, AbortSignal.any([ended.signal, interrupted])),
    catch: (cause) => transportError(cause, url.host),
  })
})

/**
 * The body as text; `undefined`, and nothing more of it is read, as soon as it passes `bytes_max`. Its bytes are counted, but for a body
 * that cannot be longer than its length tells: read piece by piece, an answer of 40 KB cost three copies of it in fresh memory
 * (docs/decisions/0019).
 */
async function readWhole(response: Response, bytes_max: number): Promise<string | undefined> {
  if (endsWithin(response.headers, bytes_max)) return response.text()
  const decoder = new TextDecoder()
  const reader = response.body?.getReader()
  let size = 0
  let text = ""
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > bytes_max) {
      await reader.cancel()
      return undefined
    }
    text += decoder.decode(value, { stream: true })
  }
  return text + decoder.decode()
}

/**
 * Whether the runtime ends the body after `bytes_max` at most. It does where the length is all that tells the end (RFC 9112, 6.3): beside
 * chunks a length means nothing, and a compressed body becomes longer.
 */
const endsWithin = (headers: Headers, bytes_max: number): boolean => {
  const length = headers.get("content-length") ?? ""
  if (headers.has("transfer-encoding") || headers.has("content-encoding")) return false
  return /^\d+$/.test(length) && Number(length) <= bytes_max
}
