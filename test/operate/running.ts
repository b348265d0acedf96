/** A running worker on a virtual clock with the HTTP API over it, for what an operator looks at. */
import { Effect } from "effect"
import { openHttpApp } from "../../src/api/app.ts"
import type { ProcessHealth } from "../../src/api/health.ts"
import { secretText } from "../../src/core/config/secret.ts"
import type { Caller } from "../../src/core/http/server/bearer.ts"
import { makeWorld } from "../support/world.ts"

const caller = (role: Caller["role"]): Caller => ({ name: `${role}-1`, role, token: secretText(tokenOf(role)) })

const tokenOf = (role: Caller["role"]): string => `${role}-token-0001`

/** Starts a worker and gives the app over it. */
export const startRunning = Effect.fnUntraced(function* (
  options: Parameters<typeof makeWorld>[0],
  yaml = "",
  serves: "all" | "health" = "all",
  process_health: ProcessHealth = Effect.succeed({}),
) {
  const world = yield* makeWorld(options)
  yield* world.startWith(yaml)
  yield* world.pass(5_000)
  const app = yield* openHttpApp({
    tenants: [world.tenant()],
    callers: [caller("reader"), caller("responder"), caller("admin")],
    started_ms: 0,
    serves,
    process_health,
  }).pipe(Effect.provide(world.tenant().services))
  const request = (path: string, role: Caller["role"] | undefined, body?: unknown) =>
    Effect.promise(async () =>
      app.request(path, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          ...(role !== undefined && { authorization: `Bearer ${tokenOf(role)}` }),
          "content-type": "application/json",
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    )
  const head = (path: string, role: Caller["role"]) =>
    Effect.promise(async () =>
      app.request(path, { method: "HEAD", headers: { authorization: `Bearer ${tokenOf(role)}` } }),
    )
  const ask = Effect.fnUntraced(function* (path: string, role?: Caller["role"], body?: unknown) {
    const answer = yield* request(path, role, body)
    const text = yield* Effect.promise(() => answer.text())
    return { status: answer.status, text, body: text.startsWith("{") ? JSON.parse(text) : undefined }
  })
  return { world, request, head, ask }
})
