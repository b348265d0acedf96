import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { TransportError } from "../../src/core/errors.ts"
import { transportError } from "../../src/core/http/client/fetch-error.ts"
import { layerEdgeNetwork } from "../../src/edge/network.ts"
import { dripping, failureOf, freePort, run, send, serve, tcp } from "./sockets.ts"

describe("sending", () => {
  test("carries method, headers, body and the user agent, and reads the whole answer", async () => {
    using server = serve(async (request) =>
      Response.json({ method: request.method, body: await request.text(), ...Object.fromEntries(request.headers) }),
    )
    const request = { method: "PATCH", headers: { "x-one": "1" }, body: "größe" } as const
    const answer = await run(send(server.url.href, request))
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.text)).toMatchObject({
      method: "PATCH",
      body: "größe",
      "x-one": "1",
      "user-agent": "akonis/test",
    })
  })

  test("takes bytes for a body", async () => {
    using server = serve(async (request) => new Response(await request.text()))
    const answer = await run(send(server.url.href, { method: "POST", body: new TextEncoder().encode("bytes") }))
    expect(answer.text).toBe("bytes")
  })

  test("takes a large body in pieces, and tells its length", async () => {
    const body = Uint8Array.from({ length: 3_000_001 }, (_, n) => n % 251)
    using server = serve(async (request) => {
      const came = new Uint8Array(await request.arrayBuffer())
      return Response.json([
        request.headers.get("content-length"),
        Buffer.compare(came, body),
        request.headers.get("x-one"),
      ])
    })
    for (let n = 0; n < 3; n++) {
      const answer = await run(send(server.url.href, { method: "POST", headers: { "x-one": "1" }, body }))
      expect(JSON.parse(answer.text)).toEqual(["3000001", 0, "1"])
    }
  })

  test("of a header that no request can carry says so, without its value, and that nothing was sent", async () => {
    using server = serve(() => new Response("x"))
    const headers = { authorization: "Bearer half-of-a-key\nother-half" }
    const error = await failureOf(server.url.href, { method: "POST", headers })
    expect(error.reason).toBe("refused")
    expect(error.message).toContain("the header authorization")
    expect(error.message).not.toContain("half")
    const at_the_edge = Effect.provide(
      send(server.url.href, { method: "POST", headers }),
      layerEdgeNetwork("akonis/test"),
    )
    expect(await Effect.runPromise(Effect.flip(at_the_edge))).toMatchObject({
      reason: "refused",
      message: error.message,
    })
  })

  test.each(["POST", "PUT", "PATCH", "DELETE"] as const)(
    "%s arrives once where nobody says that it may arrive twice, whatever becomes of the connection",
    async (method) => {
      const arrived: string[] = []
      using server = await tcp((socket) =>
        socket.on("data", (data) => {
          const [word = ""] = data.toString("latin1").split(" ")
          arrived.push(word)
          if (word === "GET") socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
          else socket.end()
        }),
      )
      const all = Effect.gen(function* () {
        yield* send(server.url)
        return yield* Effect.flip(send(server.url, { method }))
      })
      expect((await run(all)).reason).toBe("reset")
      expect(arrived).toEqual(["GET", method])
    },
  )

  test("a post that may arrive twice takes the connection of the one before it, as every batch for the intake does", async () => {
    let connections = 0
    using server = await tcp((socket) => {
      connections++
      socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"))
    })
    const post = send(server.url, { method: "POST", body: "x", repeatable: true })
    await run(Effect.repeat(post, { times: 2 }))
    expect(connections).toBe(1)
  })

  test("gives the answer to a large body that the server did not read to its end", async () => {
    using server = await tcp((socket) =>
      socket.once("data", () => socket.write("HTTP/1.1 413 Payload Too Large\r\ncontent-length: 2\r\n\r\nno")),
    )
    const answer = await run(send(server.url, { method: "POST", body: new Uint8Array(20_000_000) }))
    expect([answer.status, answer.text]).toEqual([413, "no"])
  })

  test("reads no more of a large body once it is given up", async () => {
    const body = new Uint8Array(20_000_000).fill(97)
    const came: Buffer[] = []
    const closed = Promise.withResolvers<void>()
    using server = await tcp((socket) => {
      socket.on("data", (piece: Buffer) => {
        came.push(piece)
        socket.pause()
        setTimeout(() => socket.resume(), 10)
      })
      socket.on("close", () => closed.resolve())
    })
    const error = await failureOf(server.url, { method: "POST", timeout_ms: 200, body })
    body.fill(122)
    await closed.promise
    expect(error.reason).toBe("timeout")
    const bytes = Buffer.concat(came)
    expect(bytes.length).toBeLessThan(body.length)
    expect(bytes.subarray(bytes.indexOf("\r\n\r\naaaa")).includes("z")).toBe(false)
  })

  test("any status succeeds, and redirects are not followed", async () => {
    let asked = 0
    using server = serve((request) => {
      asked++
      const status = Number(new URL(request.url).pathname.slice(1))
      return new Response(status === 204 ? null : "x", { status, headers: { location: "/200" } })
    })
    for (const status of [204, 302, 307, 308, 400, 401, 429, 500, 503]) {
      const answer = await run(send(`${server.url.href}${status}`, { method: "POST" }))
      expect([answer.status, answer.headers.get("location")]).toEqual([status, "/200"])
    }
    expect(asked).toBe(9)
  })

  test("decompresses, and counts what comes out", async () => {
    const body = Bun.gzipSync(new Uint8Array(50_000).fill(97))
    using server = serve(() => new Response(body, { headers: { "content-encoding": "gzip" } }))
    expect((await run(send(server.url.href))).text.length).toBe(50_000)
    expect((await failureOf(server.url.href, {}, 40_000)).reason).toBe("too_large")
  })

  test("uses a connection again once its answer is read", async () => {
    let connections = 0
    using server = await tcp((socket) => {
      connections++
      socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"))
    })
    await run(Effect.forEach([1, 2, 3], () => Effect.andThen(send(server.url), Effect.sleep(10))))
    expect(connections).toBe(1)
  })
})

describe("a request fails as", () => {
  test("refused, when nobody listens", async () => {
    const port = await freePort()
    const error = await failureOf(`http://127.0.0.1:${port}/x?key=query-secret`)
    expect(error).toMatchObject({ reason: "refused", host: `127.0.0.1:${port}` })
    expect(error.message).toBe(`127.0.0.1:${port} cannot be reached (ECONNREFUSED)`)
  })

  test("refused, when the URL is none", async () => {
    expect((await failureOf("nonsense?key=query-secret")).reason).toBe("refused")
  })

  test("reset, when the connection breaks before the headers", async () => {
    using rst = await tcp((socket) => socket.once("data", () => socket.resetAndDestroy()))
    using fin = await tcp((socket) => socket.once("data", () => socket.end()))
    using nonsense = await tcp((socket) => socket.once("data", () => socket.end("what?\r\n\r\n")))
    for (const server of [rst, fin, nonsense]) {
      const error = await failureOf(server.url, { method: "POST", body: "x" })
      expect(error.reason).toBe("reset")
      expect(JSON.stringify(error) + Bun.inspect(error)).not.toContain("query-secret")
    }
  })

  test("reset, when the body breaks off or does not decompress", async () => {
    const start = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"
    const chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"
    const gzip = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc"
    for (const head of [start, chunked, gzip]) {
      using server = await tcp((socket) => socket.once("data", () => socket.end(head)))
      expect((await failureOf(server.url)).reason).toBe("reset")
    }
  })

  test("timeout, when the headers do not come", async () => {
    const closed = Promise.withResolvers<void>()
    using server = await tcp((socket) => socket.on("close", () => closed.resolve()))
    const error = await failureOf(server.url, { timeout_ms: 60 })
    expect(error).toMatchObject({ reason: "timeout", message: `127.0.0.1:${server.port} did not answer within 60 ms` })
    await closed.promise
  })

  test("timeout, when the body takes too long", async () => {
    using server = dripping()
    // On a busy machine a request may be over before the server has seen it.
    for (let timeout_ms = 80; !server.hasBegun(); timeout_ms *= 2)
      expect((await failureOf(server.url, { timeout_ms })).reason).toBe("timeout")
    await server.gone
  })

  test("too large, as soon as the body is longer than allowed", async () => {
    using server = dripping()
    const error = await failureOf(server.url, {}, 250)
    expect(error.reason).toBe("too_large")
    expect(error.message).toContain("250 bytes")
    await server.gone
  })

  test("too large, when the length tells so, and not when the length is what may come", async () => {
    using server = serve(() => new Response("a".repeat(1_000)))
    expect((await run(send(server.url.href, {}, 1_000))).text).toBe("a".repeat(1_000))
    expect((await failureOf(server.url.href, {}, 999)).reason).toBe("too_large")
  })

  test("too large, whatever length its headers tell", async () => {
    const gone = Promise.withResolvers<void>()
    using server = await tcp((socket) => {
      socket.on("close", () => gone.resolve())
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n")
        const chunk = `10000\r\n${"a".repeat(65_536)}\r\n`
        const more = () => {
          while (!socket.destroyed && socket.write(chunk)) {}
        }
        socket.on("drain", more)
        more()
      })
    })
    expect((await failureOf(server.url, { timeout_ms: 30_000 }, 1_000_000)).reason).toBe("too_large")
    await gone.promise
  })

  test("reset, when what happened is not known for certain", () => {
    const coded = (code: string) => Object.assign(new TypeError("at https://h/?key=query-secret"), { code })
    for (const code of ["EPROTO", "ECONNRESET", "EHOSTUNREACH", "Malformed_HTTP_Response", "ZlibError", "NEW_ONE"]) {
      expect(transportError(coded(code), "h").reason).toBe("reset")
    }
    for (const code of [
      "ENOTFOUND",
      "EAI_AGAIN",
      "ERR_PROXY_TUNNEL",
      "CERT_HAS_EXPIRED",
      "ERR_TLS_CERT_ALTNAME_INVALID",
    ]) {
      expect(transportError(coded(code), "h").reason).toBe("refused")
    }
    for (const cause of [undefined, "text", new Error("x"), coded("X")]) {
      const error = transportError(cause, "h")
      expect(error).toBeInstanceOf(TransportError)
      expect(error.message).not.toContain("query-secret")
    }
  })

  test("refused or reset, by the phase that Deno names", () => {
    const deno = (text: string) => new TypeError("fetch failed", { cause: new Error(text) })
    const connect = "error sending request for url (https://h/?key=query-secret): client error (Connect): dns error"
    expect(transportError(deno(connect), "h")).toMatchObject({ reason: "refused", message: "h cannot be reached" })
    expect(transportError(deno("client error (SendRequest): connection closed"), "h").reason).toBe("reset")
  })
})
