/** What strangers at the door of the HTTP API meet: hosts, sessions, bodies that cost much, tokens that are none. */
import { describe, expect, test } from "bun:test"
import net from "node:net"
import { fileURLToPath } from "node:url"
import { NodeFileSystem } from "@effect/platform-node"
import { Effect } from "effect"
import { secretText } from "../../src/core/config/secret.ts"
import { type Caller, checkCallers } from "../../src/core/http/server/bearer.ts"
import { own } from "./own.ts"
import { tokens, withServed } from "./served.ts"

/** The first line of an answer to bytes as they are, and everything after its headers. */
const raw = (url: string, bytes: string): Promise<{ readonly status: number; readonly body: string }> =>
  new Promise((resolve, reject) => {
    const socket = net.connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes))
    let text = ""
    socket.on("data", (data) => {
      text += data.toString()
      if (!text.includes("\r\n\r\n")) return
      socket.destroy()
      resolve({ status: Number(text.slice(9, 12)), body: text.slice(text.indexOf("\r\n\r\n") + 4) })
    })
    socket.on("error", reject)
  })

describe("the Host of a request", () => {
  test("must be localhost, an address, or a name of the configuration", () =>
    withServed({}, async ({ ask }) => {
      for (const host of ["localhost", "LOCALHOST.:80", "127.0.0.1:8080", "[::1]:8080", "10.1.2.3"]) {
        expect([host, (await ask("/health/live", { headers: { host } })).status]).toEqual([host, 200])
      }
      for (const host of ["evil.example", "localhost.evil.example:8080", "127.0.0.1.evil.example"]) {
        const { status, body } = await ask("/health", { headers: { host } })
        expect([host, status, body.type]).toEqual([host, 421, "/problems/wrong-host"])
      }
    }))

  test("that is none answers 400, for every route; without one only health answers", () =>
    withServed({}, async ({ url }) => {
      for (const path of ["/docs/constructor", "/mcp", "/actions", "/docs"]) {
        expect((await raw(url, `GET ${path} HTTP/1.1\r\nHost: [\r\n\r\n`)).status).toBe(400)
        expect((await raw(url, `GET ${path} HTTP/1.0\r\n\r\n`)).status).toBe(400)
      }
      expect((await raw(url, "GET /health/live HTTP/1.0\r\n\r\n")).status).toBe(200)
      const auth = `Authorization: Bearer ${tokens.responder}\r\n`
      expect((await raw(url, `GET /health/actions/get_device_details HTTP/1.0\r\n${auth}\r\n`)).status).toBe(404)
      expect((await raw(url, `GET /docs/constructor HTTP/1.1\r\nHost: localhost\r\n${auth}\r\n`)).status).toBe(404)
    }))
})

test("a worker alone serves health and metrics, and no actions, MCP or documentation", () =>
  withServed({ serves: "health" }, async ({ ask }) => {
    expect((await ask("/health/live")).status).toBe(200)
    expect((await ask("/metrics", { token: tokens.reader })).status).toBe(200)
    for (const path of ["/actions", "/openapi.json", "/docs", "/mcp", "/actions/get_device_details"]) {
      for (const method of ["GET", "POST"]) {
        expect((await ask(path, { method, token: tokens.admin, ...(method === "POST" && { body: {} }) })).status).toBe(
          404,
        )
      }
    }
    expect((await ask("/docs/login", { method: "POST", body: {} })).status).not.toBe(200)
  }))

test("the server started by itself outlives a hangup while it is loaded, says what is wrong with its configuration, and ends", () => {
  const BUN_OPTIONS = `--preload=${fileURLToPath(new URL("../process/hangup-while-loading.ts", import.meta.url))}`
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, "src/server.ts"], {
    env: { PATH: process.env.PATH ?? "", AKONIS_PORT: "0", AKONIS_CONFIG: "/nowhere/akonis.yaml", BUN_OPTIONS },
  })
  expect(stderr.toString()).toStartWith("SIGHUP while loading\nakonis: /nowhere/akonis.yaml: the file cannot be read")
  expect(exitCode).toBe(2)
})

describe("a session of /docs", () => {
  const logIn = async (url: string) => {
    const body = new URLSearchParams({ token: tokens.reader })
    const answer = await fetch(`${url}/docs/login`, { method: "POST", body, redirect: "manual" })
    return { cookie: answer.headers.get("set-cookie")!.split(";", 1)[0]! }
  }

  test("ends with a logout", () =>
    withServed({}, async ({ ask, url }) => {
      const headers = await logIn(url)
      expect((await ask("/openapi.json", { headers })).status).toBe(200)
      expect((await ask("/docs/logout", { method: "POST", headers })).status).toBe(303)
      expect((await ask("/openapi.json", { headers })).status).toBe(401)
    }))

  test("ends when its token goes", () =>
    withServed({ token_files: true }, async ({ ask, url, replaceToken }) => {
      const headers = await logIn(url)
      expect((await ask("/openapi.json", { headers })).status).toBe(200)
      replaceToken("reader", "another-reader-token-0002")
      expect((await ask("/openapi.json", { headers })).status).toBe(401)
    }))
})

describe("a body", () => {
  test("is refused before it is parsed when parsing it would cost much: depth, values, keys", () =>
    withServed({ plugins: [own] }, async ({ act }) => {
      const keys = Array.from({ length: 850_000 }, (_, i) => `"k${i}":0`).join(",")
      for (const body of [`{${keys}}`, `{"ids":[${"0,".repeat(4_000_000)}0]}`, `{"ids":${"[".repeat(5_000_000)}`]) {
        const { status, text } = await act("count_up", body)
        expect(status).toBe(400)
        expect(text.length).toBeLessThan(1_000)
      }
    }))

  test("with many faults answers with the first hundred", () =>
    withServed({ plugins: [own] }, async ({ act }) => {
      const { status, body } = await act("count_up", { ids: Array.from({ length: 40_000 }, () => 0) })
      expect([status, body.errors.length]).toEqual([400, 100])
      expect(body.detail).toContain("more)")
    }))

  test("of eight large ones at once all are answered, some with a request to come again", () =>
    withServed({ plugins: [own] }, async ({ act }) => {
      const large = `{"note":"${"x".repeat(9_000_000)}","ids":["a"]}`
      const statuses = (await Promise.all(Array.from({ length: 8 }, () => act("count_up", large)))).map(
        (one) => one.status,
      )
      expect(statuses.every((status) => [200, 400, 503].includes(status))).toBe(true)
      expect((await act("count_up", { ids: ["a"] })).status).toBe(200)
      expect([200, 400]).toContain((await act("count_up", large)).status)
    }))
})

describe("tokens of the API", () => {
  const caller = (name: string, token: string): Caller => ({ name, token: secretText(token), role: "reader" })
  const why = (...callers: readonly Caller[]) =>
    Effect.runPromise(
      Effect.flip(checkCallers("akonis.yaml", callers)).pipe(
        Effect.map(({ key, message }) => `${key}: ${message}`),
        Effect.orElseSucceed(() => "fine"),
        Effect.provide(NodeFileSystem.layer),
      ),
    )
  const [one, two] = ["token-of-16-chars", "another-of-16-char"]

  test("are refused at the start when they are short, have blanks, or stand there twice", async () => {
    expect(await why(caller("a", one), caller("b", two))).toBe("fine")
    expect(await why(caller("a", "only-15-letters"))).toContain("server.tokens[0]: the token must have at least 16")
    expect(await why(caller("a", one), caller("b", "sixteen chars or so"))).toContain("no blanks")
    expect(await why(caller("a", one), caller("a", two))).toContain('server.tokens[1]: the name "a" is used twice')
    expect(await why(caller("a", one), caller("b", one))).toContain('the same as that of "a"')
    expect(await why(caller("a", one), caller("env", one))).toStartWith("AKONIS_TOKEN: ")
  })
})
