/** Real sockets on loopback for the tests of `fetch.ts`: servers that misbehave, a proxy, and certificates. */
import { readFileSync } from "node:fs"
import net from "node:net"
import { Effect } from "effect"
import { type FetchOptions, layerFetch } from "../../src/core/http/client/fetch.ts"
import { Http, type HttpRequest } from "../../src/core/http/client/http.ts"

export const run = <A, E>(body: Effect.Effect<A, E, Http>, options: Partial<FetchOptions> = {}) =>
  Effect.runPromise(Effect.provide(body, layerFetch({ user_agent: "akonis/test", ...options })))

export const send = (url: string, more: Partial<HttpRequest> = {}, bytes_max = 1_000_000) =>
  Http.use((http) => http.send({ method: "GET", url, timeout_ms: 5_000, ...more }, bytes_max))

export const failureOf = (url: string, more: Partial<HttpRequest> = {}, bytes_max?: number) =>
  run(Effect.flip(send(url, more, bytes_max)))

export const serve = (fetch: (request: Request) => Response | Promise<Response>) =>
  Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch })

/** Sends a piece every few milliseconds, for ever or `pieces` times, and says when the client is gone. */
export function dripping(pieces = Number.POSITIVE_INFINITY) {
  const gone = Promise.withResolvers<void>()
  let has_begun = false
  const server = serve((request) => {
    has_begun = true
    request.signal.addEventListener("abort", () => gone.resolve())
    let sent = 0
    return new Response(
      new ReadableStream({
        async pull(controller) {
          await Bun.sleep(10)
          controller.enqueue(new Uint8Array(100).fill(97))
          if (++sent >= pieces) controller.close()
        },
      }),
    )
  })
  return {
    url: server.url.href,
    gone: gone.promise,
    hasBegun: () => has_begun,
    [Symbol.dispose]: () => void server.stop(true),
  }
}

/** A TCP server that does as `serve` says; gone with the test through `using`. */
export async function tcp(serve: (socket: net.Socket) => void) {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as net.AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}/path?key=query-secret`,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** A port where nobody listens. */
export async function freePort(): Promise<number> {
  const server = await tcp(() => {})
  server[Symbol.dispose]()
  await Bun.sleep(5)
  return server.port
}

/** A proxy for both kinds of request; `heads` notes what it was asked. Every tunnel ends at `target_port`. */
export async function proxy(target_port: number) {
  const heads: string[] = []
  const server = await tcp((socket) =>
    socket.once("data", (data) => {
      const head = data.toString("latin1")
      heads.push(head)
      if (!head.startsWith("CONNECT ")) {
        socket.end("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nby absolute")
        return
      }
      const target = net.connect(target_port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection Established\r\n\r\n")
        socket.pipe(target)
        target.pipe(socket)
      })
      target.on("error", () => socket.destroy())
    }),
  )
  return { ...server, heads, address: `http://127.0.0.1:${server.port}` }
}

const pem = (name: string): string => readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url), "utf8")

/**
 * A certificate for 127.0.0.1 and falcon.test, signed by an authority that nobody knows and whose key was thrown away. Good for
 * a hundred years; the key protects nothing.
 */
export const certificates = { ca: pem("ca"), cert: pem("cert"), key: pem("key") }
