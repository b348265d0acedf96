/**
 * `Http.open` over sockets of our own: for answers that never end. Bun's `fetch` carries 256 requests at once and every feed
 * holds one for as long as it lives, so feeds go past it.
 */
import type net from "node:net"
import { Readable } from "node:stream"
import zlib from "node:zlib"
import { Effect, type Scope } from "effect"
import type { TransportError } from "../../../errors.ts"
import { invalidUrl, timedOut, transportError } from "../fetch-error.ts"
import type { HttpRequest } from "../http.ts"
import { sockets } from "../limits.ts"
import { proxyOf } from "../no-proxy.ts"
import { pieceOf } from "../pieces.ts"
import { type BodyFraming, framingOf } from "./body-framing.ts"
import { type DialOptions, dial, requestHead } from "./dial.ts"
import { HeadReader, ProtocolError, type ResponseHead } from "./response-head.ts"
import { SocketReader } from "./socket-reader.ts"

export interface OpenOptions extends DialOptions {
  /** `akonis/<version>`. */
  readonly user_agent: string
}

/**
 * Asks with GET and gives the answer once its head is here, within `timeout_ms`; its body is read as the socket gives it, with
 * backpressure: while nobody reads, the socket is paused. A body that breaks off before its end fails the read, as `fetch` does.
 * The connection is closed with the scope. Redirects are handed back as they come.
 */
export const openOverSocket =
  (options: OpenOptions) =>
  (request: HttpRequest): Effect.Effect<Response, TransportError, Scope.Scope> =>
    Effect.gen(function* () {
      const url = URL.parse(request.url)
      if (url === null || !/^https?:$/.test(url.protocol)) return yield* invalidUrl()
      const ended = yield* Effect.acquireRelease(
        Effect.sync(() => new AbortController()),
        (controller) => Effect.sync(() => controller.abort()),
      )
      return yield* Effect.tryPromise({
        try: (interrupted) => exchange(request, url, options, AbortSignal.any([ended.signal, interrupted])),
        catch: (cause) => transportError(cause, url.host, proxyOf(url, options)),
      }).pipe(
        Effect.timeoutOrElse({
          duration: request.timeout_ms,
          orElse: () => {
            ended.abort()
            return Effect.fail(timedOut(url.host, request.timeout_ms))
          },
        }),
      )
    })

async function exchange(request: HttpRequest, url: URL, options: OpenOptions, signal: AbortSignal): Promise<Response> {
  const { socket, target, headers } = await dial(url, options, signal)
  const reader = new SocketReader(socket)
  socket.write(
    requestHead("GET", target, {
      host: url.host,
      "user-agent": options.user_agent,
      "accept-encoding": "gzip, deflate, br",
      ...request.headers,
      ...headers,
    }),
  )
  try {
    const head = await readHead(reader)
    const framing = framingOf(head.status, head.headers)
    return new Response(bodyOf(head, framing, reader, socket), { status: head.status, headers: head.headers })
  } catch (error) {
    socket.destroy()
    throw error
  }
}

async function readHead(reader: SocketReader): Promise<ResponseHead> {
  const head = new HeadReader()
  for (;;) {
    const bytes = await reader.read()
    if (bytes === undefined) throw new ProtocolError("ECONNRESET")
    const whole = head.take(bytes)
    if (whole !== undefined) return whole
  }
}

function bodyOf(head: ResponseHead, framing: BodyFraming, reader: SocketReader, socket: net.Socket) {
  if (framing.isDone()) {
    socket.destroy()
    return null
  }
  const pieces = unpack(head.headers.get("content-encoding"), piecesOf(head.rest, framing, reader))
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await pieces.next()
          if (!done) return controller.enqueue(value)
          socket.destroy()
          controller.close()
        } catch (error) {
          socket.destroy()
          throw error
        }
      },
      cancel: () => void socket.destroy(),
    },
    // Nothing is read ahead: a piece is given when it is asked for.
    { highWaterMark: 0 },
  )
}

/** The body's bytes, each piece in memory of its own. */
async function* piecesOf(rest: Uint8Array, framing: BodyFraming, reader: SocketReader): AsyncGenerator<Uint8Array> {
  let bytes: Uint8Array | undefined = rest
  for (;;) {
    if (bytes === undefined) {
      if (framing.mayEndNow()) return
      throw new ProtocolError("ECONNRESET")
    }
    const size = framing.take(bytes)
    if (size > 0) yield pieceOf(bytes, size)
    if (framing.isDone()) return
    bytes = await reader.read()
  }
}

const decoders = { gzip: zlib.createGunzip, deflate: zlib.createInflate, br: zlib.createBrotliDecompress } as const

/** Decompressed as it comes. Only what we asked for is understood. */
function unpack(encoding: string | null, pieces: AsyncGenerator<Uint8Array>): AsyncIterator<Uint8Array> {
  const name = encoding?.trim().toLowerCase() ?? ""
  if (name === "" || name === "identity") return pieces
  const decoder = decoders[name.replace(/^x-/, "") as keyof typeof decoders]
  if (decoder === undefined) throw new ProtocolError("UNKNOWN_CONTENT_ENCODING")
  const source = Readable.from(pieces, { objectMode: false, highWaterMark: sockets.waiting_bytes_max })
  const out = decoder()
  source.on("error", (error) => out.destroy(error))
  return source.pipe(out)[Symbol.asyncIterator]()
}
