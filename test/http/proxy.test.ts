import { afterAll, describe, expect, test } from "bun:test"
import { NodeFileSystem } from "@effect/platform-node"
import { Effect, Logger } from "effect"
import { type FetchOptions, layerFetch } from "../../src/core/http/client/fetch.ts"
import { Http, type HttpRequest } from "../../src/core/http/client/http.ts"
import { dial } from "../../src/core/http/client/socket/dial.ts"
import { layerNetwork } from "../../src/core/tenant/boot.ts"
import { certificates, freePort, proxy, tcp } from "./sockets.ts"

const get = (url: string, options: Partial<FetchOptions>, request: Partial<HttpRequest> = {}) =>
  Http.use((http) => http.send({ method: "GET", url, timeout_ms: 5_000, ...request }, 1_000)).pipe(
    Effect.provide(layerFetch({ user_agent: "akonis/test", ...options })),
  )

const textOf = async (url: string, options: Partial<FetchOptions>) => (await Effect.runPromise(get(url, options))).text

const failureOf = (url: string, options: Partial<FetchOptions>) => Effect.runPromise(Effect.flip(get(url, options)))

describe("a proxy", () => {
  test("is asked for http with the whole URL", async () => {
    using one = await proxy(0)
    expect(await textOf("http://falcon.test/path?a=1", { proxy: one.address })).toBe("by absolute")
    expect(one.heads[0]).toStartWith("GET http://falcon.test/path?a=1 HTTP/1.1\r\n")
  })

  test("is given the name and password of its URL", async () => {
    using one = await proxy(0)
    await textOf("http://falcon.test/", { proxy: one.address.replace("//", "//user:pw@") })
    expect(one.heads[0]?.toLowerCase()).toContain(`proxy-authorization: basic ${btoa("user:pw").toLowerCase()}`)
  })

  test("is given a password with a percent sign in it as it stands, for a feed, too", async () => {
    using one = await proxy(0)
    const options = { proxy: one.address.replace("//", "//user:50%off@") }
    const { headers, socket } = await dial(new URL("http://falcon.test/"), options, AbortSignal.timeout(5_000))
    socket.destroy()
    expect(headers["proxy-authorization"]).toBe(`Basic ${btoa("user:50%off")}`)
  })

  test("is left aside for loopback and for what NO_PROXY lists", async () => {
    using one = await proxy(0)
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("direct") })
    expect(await textOf(server.url.href, { proxy: one.address })).toBe("direct")
    const error = await failureOf("http://falcon.invalid/", { proxy: one.address, no_proxy: ".invalid" })
    expect(error.reason).toBe("refused")
    expect(one.heads).toEqual([])
  })

  test("that does not listen, or opens no tunnel, means that nothing arrived", async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`
    const unreachable = await failureOf("https://falcon.test/", { proxy: nobody })
    expect(unreachable.reason).toBe("refused")
    expect(unreachable.message).toStartWith(`the proxy ${new URL(nobody).host} cannot be reached`)
    using closed = await tcp((socket) =>
      socket.once("data", () => socket.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")),
    )
    const error = await failureOf("https://falcon.test/", { proxy: `http://user:pw@127.0.0.1:${closed.port}` })
    expect(error.reason).toBe("refused")
    expect(error.message).toStartWith(`the proxy 127.0.0.1:${closed.port} opens no tunnel to falcon.test`)
    expect(Bun.inspect(error)).not.toContain("pw")
  })
})

let arrived = 0
const { ca, cert, key } = certificates
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  tls: { cert, key },
  fetch: async (request) => {
    arrived++
    return new Response(request.body === null ? "over tls" : String((await request.arrayBuffer()).byteLength))
  },
})
afterAll(() => server.stop(true))

describe("a certificate", () => {
  test("is checked although NODE_TLS_REJECT_UNAUTHORIZED says otherwise", async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"
    try {
      expect((await failureOf(server.url.href, {})).message).toContain("is not trusted")
      expect((await failureOf(`https://localhost:${server.port}/`, { ca_pem: ca })).reason).toBe("refused")
      expect(arrived).toBe(0)
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    }
  })

  test("of an unknown authority is refused before anything is sent", async () => {
    const error = await failureOf(server.url.href, {})
    expect(error.reason).toBe("refused")
    expect(error.message).toContain("is not trusted")
    expect(arrived).toBe(0)
  })

  test("is accepted once its authority is configured", async () => {
    expect(await textOf(server.url.href, { ca_pem: ca })).toBe("over tls")
  })

  test("is still refused for another name", async () => {
    const error = await failureOf(`https://localhost:${server.port}/`, { ca_pem: ca })
    expect(error.reason).toBe("refused")
  })

  test("is checked through the tunnel of a proxy", async () => {
    using one = await proxy(server.port ?? 0)
    const options = { proxy: one.address, ca_pem: ca }
    expect(await textOf("https://falcon.test/", options)).toBe("over tls")
    expect(one.heads[0]).toStartWith("CONNECT falcon.test:443 HTTP/1.1\r\n")
    expect((await failureOf("https://other.test/", options)).reason).toBe("refused")
  })

  test("that is trusted is good for a large body, through the tunnel of a proxy, too", async () => {
    using one = await proxy(server.port ?? 0)
    const request = { method: "POST", body: new Uint8Array(3_000_001) } as const
    for (const [url, proxied] of [
      [server.url.href, {}],
      ["https://falcon.test/", { proxy: one.address }],
    ] as const) {
      const { text } = await Effect.runPromise(get(url, { ca_pem: ca, ...proxied }, request))
      expect(text).toBe("3000001")
    }
  })
})

test("NODE_TLS_REJECT_UNAUTHORIZED=0 is a loud warning at the start, and nothing else is", async () => {
  const warned = async (value: string | undefined) => {
    const lines: string[] = []
    const logger = Logger.make(({ message }) => void lines.push(String(message)))
    const config = { source: "akonis.yaml", proxy: undefined, ca_file: undefined }
    await layerNetwork(config, { version: "1.0.0", env: { NODE_TLS_REJECT_UNAUTHORIZED: value } }).pipe(
      Effect.provide([Logger.layer([logger]), NodeFileSystem.layer]),
      Effect.runPromise,
    )
    return lines
  }
  expect(await warned("0")).toEqual([expect.stringContaining("certificates are always verified")])
  expect([await warned("1"), await warned(undefined)]).toEqual([[], []])
})
