/** Who may call: the tokens of the configuration, the one that Akonis makes, and the sessions of a browser. */
import { describe, expect, test } from "bun:test"
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { Effect, Redacted } from "effect"
import { Hono } from "hono"
import type { Api, ApiEnv } from "../../src/api/api.ts"
import { makeSessions } from "../../src/api/session.ts"
import type { General } from "../../src/core/config/schema.ts"
import { secretFile, secretText } from "../../src/core/config/secret.ts"
import { type Caller, findCaller, loadCallers } from "../../src/core/http/server/bearer.ts"
import { layerFiles } from "../../src/core/store/files.ts"
import { onRealClock, temporaryFolder } from "../support/effect.ts"

const server = (host: string, tokens: readonly Caller[] = []): General["server"] => ({
  host,
  port: 0,
  allowed_hosts: [],
  health_tenants: false,
  python_metrics: false,
  read_only: false,
  tokens: [...tokens],
})

const caller = (name: string, token: Caller["token"]): Caller => ({ name, token, role: "responder" })

describe("a server without a configured token", () => {
  test("is refused at the start where other machines can reach it, and says what to configure", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        for (const host of ["0.0.0.0", "::", "10.1.2.3", "akonis.example", "127.evil.example"]) {
          const error = yield* Effect.flip(loadCallers("akonis.yaml", folder, server(host)))
          expect([host, error._tag === "ConfigError" && error.key]).toEqual([host, "server.host"])
          expect(error.message).toContain("server.tokens")
        }
      }),
    ))

  test("makes one on this machine, which nobody can guess and its owner alone can read, and keeps it", () =>
    onRealClock(
      Effect.gen(function* () {
        const made: string[] = []
        for (let n = 0; n < 3; n++) {
          const folder = yield* temporaryFolder
          for (const host of ["127.0.0.1", "localhost", "::1"]) yield* loadCallers("", folder, server(host))
          const text = readFileSync(`${folder}/api-token`, "utf8").trim()
          expect(text.length).toBeGreaterThanOrEqual(32)
          expect(statSync(`${folder}/api-token`).mode & 0o777).toBe(0o600)
          const { callers } = yield* loadCallers("", folder, server("127.0.0.1"))
          expect(Redacted.value(yield* callers[0]!.token.value)).toBe(text)
          made.push(text)
        }
        expect(new Set(made).size).toBe(3)
      }),
    ))
})

test("a token whose file is gone lets nobody in and locks nobody out", () =>
  onRealClock(
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      writeFileSync(`${folder}/token`, "token-of-the-first-one\n")
      const callers = [
        caller("first", secretFile(`${folder}/token`, "token")),
        caller("second", secretText("token-of-the-second-one")),
      ]
      const who = (token: string) => Effect.map(findCaller(callers, `Bearer ${token}`), (found) => found?.name)
      expect(yield* who("token-of-the-first-one")).toBe("first")
      rmSync(`${folder}/token`)
      expect(yield* who("token-of-the-first-one")).toBeUndefined()
      expect(yield* who("token-of-the-second-one")).toBe("second")
      expect(yield* who("")).toBeUndefined()
    }),
  ))

test("a session of a browser ends after a working day", async () => {
  let now_ms = Date.UTC(2026, 0, 15)
  const callers = [caller("soc", secretText("token-of-the-browser"))]
  const api: Api = {
    tenants: [],
    several: false,
    callers,
    read_only: false,
    run: (effect) => Effect.runPromise(Effect.provide(effect, layerFiles)),
    now_ms: () => now_ms,
  }
  const sessions = makeSessions(
    () => api,
    () => true,
  )
  const app = new Hono<ApiEnv>()
    .post("/login", async (c) => c.json(await sessions.open(c, "token-of-the-browser")))
    .get("/page", async (c) => c.json((await sessions.callerOf(c))?.name ?? null))
  const [cookie = ""] = (await app.request("/login", { method: "POST" })).headers.get("set-cookie")!.split(";")
  const reads = async () => (await app.request("/page", { headers: { cookie } })).json()
  expect(await reads()).toBe("soc")
  now_ms += 7 * 3_600_000
  expect(await reads()).toBe("soc")
  now_ms += 3_600_000
  expect(await reads()).toBeNull()
})
