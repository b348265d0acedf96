/** `Http` over the runtime's own `fetch`. */
import { Effect, Layer, type Scope } from "effect"
import type { TransportError } from "../errors.ts"
import { invalidUrl, timedOut, tooLarge, transportError } from "./fetch-error.ts"
import { type RuntimeInit, type RuntimeOptions, runtimeInit } from "./fetch-init.ts"
import { Http, type HttpRequest } from "./http.ts"

export interface FetchOptions extends RuntimeOptions {
  /** `akonis/<version>`. */
  readonly user_agent: string
}

/**
 * Redirects are handed back as they come. Time limits run on Effect's Clock. Compressed answers are decompressed, and
 * `bytes_max` counts what comes out. Errors name the host, never the URL.
 */
export const layerFetch = (options: FetchOptions): Layer.Layer<Http> =>
  Layer.sync(Http, () => {
    const connect = makeConnect(options, runtimeInit(options))

    const exchange = Effect.fnUntraced(function* (request: HttpRequest, bytes_max: number) {
      const connection = yield* connect(request)
      const { response } = connection
      const text = yield* readText(response, bytes_max, hostOf(request.url))
      connection.is_done = true
      return { status: response.status, headers: response.headers, text }
    }, Effect.scoped)

    return Http.of({
      send: (request, bytes_max) => exchange(request, bytes_max).pipe(within(request)),
      open: (request) =>
        connect(request).pipe(
          within(request),
          Effect.map(({ response }) => response),
        ),
    })
  })

interface Connection {
  readonly response: Response
  /** Nothing more will come. Aborting what has ended would cost a stack trace for nobody. */
  is_done: boolean
}

/** Until the headers are here. The connection lives as long as the scope; interruption closes it at once. */
const makeConnect = (options: FetchOptions, extras: RuntimeInit) =>
  Effect.fnUntraced(function* (request: HttpRequest): Effect.fn.Return<Connection, TransportError, Scope.Scope> {
    if (!URL.canParse(request.url)) return yield* invalidUrl()
    const url = new URL(request.url)
    let connection: Connection | undefined
    const ended = yield* Effect.acquireRelease(
      Effect.sync(() => new AbortController()),
      (controller) => Effect.sync(() => connection?.is_done === true || controller.abort()),
    )
    const response = yield* Effect.tryPromise({
      try: (interrupted) =>
        fetch(url, {
          ...extras(url),
          method: request.method,
          headers: { "user-agent": options.user_agent, ...request.headers },
          body: (request.body ?? null) as BodyInit | null,
          redirect: "manual",
          signal: AbortSignal.any([ended.signal, interrupted]),
        }),
      catch: (cause) => transportError(cause, url.host),
    })
    connection = { response, is_done: false }
    return connection
  })

const within =
  (request: HttpRequest) =>
  <A, R>(effect: Effect.Effect<A, TransportError, R>): Effect.Effect<A, TransportError, R> =>
    Effect.timeoutOrElse(effect, {
      duration: request.timeout_ms,
      orElse: () => Effect.fail(timedOut(hostOf(request.url), request.timeout_ms)),
    })

/** The body as text, given up as soon as it passes `bytes_max`. */
const readText = Effect.fnUntraced(function* (
  response: Response,
  bytes_max: number,
  host: string,
): Effect.fn.Return<string, TransportError> {
  const text = yield* Effect.tryPromise({
    try: () => readWhole(response, bytes_max),
    catch: (cause) => transportError(cause, host),
  })
  return text ?? (yield* tooLarge(host, bytes_max))
})

async function readWhole(response: Response, bytes_max: number): Promise<string | undefined> {
  // A length that is told and not compressed is the length that comes: then the runtime may read it in one go.
  const told = response.headers.has("content-encoding") ? undefined : response.headers.get("content-length")
  if (told !== null && told !== undefined) return Number(told) > bytes_max ? undefined : response.text()
  const decoder = new TextDecoder()
  const reader = response.body?.getReader()
  let size = 0
  let text = ""
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > bytes_max) return undefined
    text += decoder.decode(value, { stream: true })
  }
  return text + decoder.decode()
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : "")
