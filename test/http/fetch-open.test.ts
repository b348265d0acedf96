/** Opening an answer that never ends, over sockets of our own and over `fetch`: both behave alike. */
import { afterAll, describe, expect, test } from "bun:test"
import type net from "node:net"
import { brotliCompressSync, constants, createGzip, deflateSync, gzipSync } from "node:zlib"
import { Effect, Fiber, type Scope } from "effect"
import type { TransportError } from "../../src/core/errors.ts"
import { openOverFetch } from "../../src/core/http/client/exchange.ts"
import { type FetchOptions, starter } from "../../src/core/http/client/fetch.ts"
import { openOverSocket } from "../../src/core/http/client/socket/open.ts"
import { HeadReader } from "../../src/core/http/client/socket/response-head.ts"
import { certificates, dripping, freePort, proxy, run, send, serve, tcp } from "./sockets.ts"

describe("interruption", () => {
  test("aborts a request that waits for its headers", async () => {
    const opened = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    using server = await tcp((socket) => {
      socket.once("data", () => opened.resolve())
      socket.on("close", () => closed.resolve())
    })
    await run(
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(send(server.url))
        yield* Effect.promise(() => opened.promise)
        yield* Fiber.interrupt(fiber)
      }),
    )
    await closed.promise
  })

  test("aborts a request that reads its body", async () => {
    using server = dripping()
    await run(Effect.timeoutOption(send(server.url), 60))
    await server.gone
  })
})

type Open = (
  url: string,
  options?: Partial<FetchOptions> & { readonly timeout_ms?: number; readonly headers?: Record<string, string> },
) => Effect.Effect<Response, TransportError, Scope.Scope>

const withAgent = (options: Partial<FetchOptions>): FetchOptions => ({ user_agent: "akonis/test", ...options })

const ways: readonly (readonly [string, Open])[] = [
  [
    "sockets",
    (url, { timeout_ms = 2_000, headers = {}, ...options } = {}) =>
      openOverSocket(withAgent(options))({ method: "GET", url, headers, timeout_ms }),
  ],
  [
    "fetch",
    (url, { timeout_ms = 2_000, headers = {}, ...options } = {}) =>
      openOverFetch(starter(withAgent(options)))({ method: "GET", url, headers, timeout_ms }),
  ],
]

const { ca, cert, key } = certificates
const secure = Bun.serve({ port: 0, hostname: "127.0.0.1", tls: { cert, key }, fetch: () => new Response("over tls") })
afterAll(() => secure.stop(true))

/** Answers every request with these bytes, in these pieces, and ends the connection. */
const answering = (...pieces: readonly (string | Uint8Array)[]) =>
  tcp((socket) =>
    socket.once("data", async () => {
      for (const piece of pieces) {
        socket.write(piece)
        await Bun.sleep(2)
      }
      socket.end()
    }),
  )

describe.each(ways)("an answer opened over %s", (_, open) => {
  const textOf = (url: string, options?: Parameters<Open>[1]) =>
    Effect.runPromise(
      Effect.scoped(Effect.flatMap(open(url, options), (response) => Effect.promise(() => response.text()))),
    )
  const failureOf = (url: string, options?: Parameters<Open>[1]) =>
    Effect.runPromise(Effect.scoped(Effect.flip(open(url, options))))
  const firstPiece = (url: string) =>
    Effect.scoped(Effect.flatMap(open(url), (response) => Effect.promise(() => response.body!.getReader().read())))

  test("carries headers, the user agent and the query, and shows status and headers", async () => {
    using server = serve((request) =>
      Response.json(
        { path: new URL(request.url).search, ...Object.fromEntries(request.headers) },
        { status: 418, headers: { "x-one": "1" } },
      ),
    )
    const response = await Effect.runPromise(
      Effect.scoped(
        Effect.flatMap(open(`${server.url.href}?a=1%202`, { headers: { authorization: "Token t" } }), (answer) =>
          Effect.promise(async () => ({
            status: answer.status,
            one: answer.headers.get("x-one"),
            body: await answer.json(),
          })),
        ),
      ),
    )
    expect(response).toMatchObject({ status: 418, one: "1" })
    expect(response.body).toMatchObject({ path: "?a=1%202", "user-agent": "akonis/test", authorization: "Token t" })
  })

  test("sends no header that a value would add", async () => {
    const seen: string[] = []
    using server = serve((request) => {
      seen.push(...request.headers.keys())
      return new Response("ok")
    })
    const headers = { authorization: "Token t\r\nx-added: yes" }
    // `fetch` refuses such a value, sockets of our own send it in one line.
    await Effect.runPromise(Effect.scoped(Effect.exit(open(server.url.href, { headers }))))
    expect(seen).not.toContain("x-added")
  })

  test("may take longer than its time limit, which ends with the headers", async () => {
    using server = dripping(12)
    expect((await textOf(server.url, { timeout_ms: 60 })).length).toBe(1_200)
  })

  test("is closed with its scope, read or unread", async () => {
    using unread = dripping()
    await Effect.runPromise(Effect.scoped(open(unread.url)))
    await unread.gone

    using half = dripping()
    await Effect.runPromise(firstPiece(half.url))
    await half.gone
  })

  test("fails when the headers do not come in time, and closes the connection before its scope ends", async () => {
    const closed = Promise.withResolvers<void>()
    using server = await tcp((socket) => socket.resume().on("close", () => closed.resolve()))
    const program = Effect.gen(function* () {
      const error = yield* Effect.flip(open(server.url, { timeout_ms: 50 }))
      expect(error.reason).toBe("timeout")
      yield* Effect.promise(() => closed.promise)
    })
    await Effect.runPromise(Effect.scoped(program))
  })

  test("gives compressed pieces as they come", async () => {
    using server = await tcp((socket) =>
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n")
        const gzip = createGzip()
        gzip.on("data", (piece) => socket.write(piece))
        gzip.write("first\n")
        gzip.flush(constants.Z_SYNC_FLUSH)
      }),
    )
    const first = await Effect.runPromise(firstPiece(server.url))
    expect(new TextDecoder().decode(first.value)).toBe("first\n")
  })

  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ] as const)("is decompressed from %s", async (encoding, compress) => {
    const body = compress("a line\n".repeat(50_000))
    using server = serve(() => new Response(body, { headers: { "content-encoding": encoding } }))
    expect(await textOf(server.url.href)).toBe("a line\n".repeat(50_000))
  })

  test.each([
    ["a length", ["HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nab", "cdef"]],
    ["chunks", ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"]],
    [
      "chunks cut anywhere",
      [
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "3",
        "\r\nab",
        "c\r",
        "\n3;x=1\r\ndef\r\n0\r",
        "\n\r\n",
      ],
    ],
    [
      "chunks whose sizes are all written equally long",
      ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0000000000000006\r\nabcdef\r\n0000000000000000\r\n\r\n"],
    ],
    [
      "chunks with trailers",
      ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\nx-sum: 1\r\n\r\n"],
    ],
    ["the end of the connection", ["HTTP/1.1 200 OK\r\n\r\nabc", "def"]],
    ["a head in pieces", ["HTTP/1.1 2", "00 OK\r\nx-a: ", "1\r", "\n\r", "\nabcdef"]],
    [
      "an interim answer before it",
      ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabcdef"],
    ],
  ] as const)("ends by %s", async (_, pieces) => {
    using server = await answering(...pieces)
    expect(await textOf(server.url)).toBe("abcdef")
  })

  test.each([
    ["a length that is not reached", ["HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\nabc"]],
    ["chunks without their end", ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"]],
    ["a chunk that breaks off", ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nabc"]],
  ] as const)("that has %s is broken, not ended", async (_, pieces) => {
    using server = await answering(...pieces)
    const program = Effect.flatMap(open(server.url), (response) =>
      Effect.promise(() =>
        response.text().then(
          () => "ended",
          () => "broken",
        ),
      ),
    )
    expect(await Effect.runPromise(Effect.scoped(program))).toBe("broken")
  })

  test("has every byte, however fast it comes and however slow it is read", async () => {
    const line = new TextEncoder().encode(`${"0123456789".repeat(300)}\n`)
    using server = serve(
      () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              for (let i = 0; i < 20; i++) controller.enqueue(line)
              if (++sent === 400) controller.close()
            },
          }),
        ),
    )
    let sent = 0
    const program = Effect.flatMap(open(server.url.href), (response) =>
      Effect.promise(async () => {
        const reader = response.body!.getReader()
        let size = 0
        for (let pieces = 0; ; pieces++) {
          const { done, value } = await reader.read()
          if (done) return size
          for (let i = 0; i < value.length; i++) if (value[i] !== line[(size + i) % line.length]) return -1
          size += value.length
          if (pieces % 20 === 0) await Bun.sleep(1)
        }
      }),
    )
    expect(await Effect.runPromise(Effect.scoped(program))).toBe(400 * 20 * line.length)
  })

  test("is handed back as a redirect, not followed", async () => {
    using server = serve(() => new Response(null, { status: 307, headers: { location: "/x" } }))
    const program = Effect.map(open(server.url.href), ({ status, headers }) => [status, headers.get("location")])
    expect(await Effect.runPromise(Effect.scoped(program))).toEqual([307, "/x"])
  })

  test("fails as refused where nobody listens, and without the query in its words", async () => {
    const error = await failureOf(`http://127.0.0.1:${await freePort()}/x?key=query-secret`)
    expect(error.reason).toBe("refused")
    expect(error.message).toContain("cannot be reached (ECONNREFUSED)")
    expect(JSON.stringify(error)).not.toContain("query-secret")
    expect((await failureOf("nonsense")).reason).toBe("refused")
  })

  test("fails as reset where the other side is no HTTP server, or leaves", async () => {
    const servers: ((socket: net.Socket) => void)[] = [
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.end(),
      (socket) => socket.end("what?\r\n\r\n"),
    ]
    for (const misbehave of servers) {
      using server = await tcp((socket) => socket.once("data", () => misbehave(socket)))
      expect((await failureOf(server.url)).reason).toBe("reset")
    }
  })

  test("goes through a proxy: by absolute URL for http, by a tunnel for https, with its password", async () => {
    using one = await proxy(secure.port ?? 0)
    const address = one.address.replace("//", "//user:pw@")
    expect(await textOf("http://falcon.test/path?a=1", { proxy: address })).toBe("by absolute")
    expect(one.heads[0]).toStartWith("GET http://falcon.test/path?a=1 HTTP/1.1\r\n")
    expect(one.heads[0]?.toLowerCase()).toContain(`proxy-authorization: basic ${btoa("user:pw").toLowerCase()}`)
    expect(await textOf("https://falcon.test/", { proxy: address, ca_pem: ca })).toBe("over tls")
    expect(one.heads[1]).toStartWith("CONNECT falcon.test:443 HTTP/1.1\r\n")
    expect(one.heads[1]?.toLowerCase()).toContain(`proxy-authorization: basic ${btoa("user:pw").toLowerCase()}`)
    expect((await failureOf("https://other.test/", { proxy: address, ca_pem: ca })).reason).toBe("refused")
  })

  test("leaves a proxy aside for loopback and for what NO_PROXY lists", async () => {
    using one = await proxy(0)
    using server = serve(() => new Response("direct"))
    expect(await textOf(server.url.href, { proxy: one.address })).toBe("direct")
    expect((await failureOf("http://falcon.invalid/", { proxy: one.address, no_proxy: ".invalid" })).reason).toBe(
      "refused",
    )
    expect(one.heads).toEqual([])
  })

  test("fails as refused where the proxy opens no tunnel", async () => {
    using closed = await answering("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
    const error = await failureOf("https://falcon.test/", { proxy: `http://user:pw@127.0.0.1:${closed.port}` })
    expect(error.reason).toBe("refused")
    expect(Bun.inspect(error)).not.toContain("pw@")
  })

  test("trusts no certificate of an unknown authority or another name, whatever the environment says", async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"
    try {
      if (_ === "sockets") {
        expect((await failureOf(secure.url.href)).message).toContain("is not trusted")
        expect((await failureOf(`https://localhost:${secure.port}/`, { ca_pem: ca })).reason).toBe("refused")
      }
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    }
    expect((await failureOf(secure.url.href)).message).toContain("is not trusted")
    expect((await failureOf(`https://localhost:${secure.port}/`, { ca_pem: ca })).reason).toBe("refused")
    expect(await textOf(secure.url.href, { ca_pem: ca })).toBe("over tls")
  })
})

describe("a socket of our own", () => {
  const [[, open]] = ways as readonly [(typeof ways)[number]]
  const failureOf = (url: string) => Effect.runPromise(Effect.scoped(Effect.flip(open(url))))

  test("keeps no more of a head without end than anybody sends", () => {
    const head = new HeadReader()
    const piece = new Uint8Array(1_024).fill(0x61)
    const pieces = () => {
      for (let n = 0; n < 1_000; n++) head.take(piece)
    }
    expect(pieces).toThrow("HEAD_TOO_LARGE")
  })

  test("refuses heads and chunk sizes that nobody sends, without keeping them", async () => {
    const wrong = [
      `HTTP/1.1 200 OK\r\n${"x-filler: yes\r\n".repeat(10_000)}`,
      "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
      "HTTP/1.1 200 OK\r\ncontent-length: 5, 6\r\n\r\nabcde",
      "HTTP/1.1 200 OK\r\ncontent-length: 0x10\r\n\r\nabcde",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nabcde",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "HTTP/1.1 200 OK\r\ncontent-encoding: zz\r\n\r\nabcde",
    ]
    for (const text of wrong) {
      using server = await answering(text)
      expect([text.slice(0, 60), (await failureOf(server.url)).reason]).toEqual([text.slice(0, 60), "reset"])
    }
  })
})
