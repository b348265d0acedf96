import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { openHttpApp } from "../../src/api/app.ts"
import { secretText } from "../../src/core/config/secret.ts"
import type { Caller } from "../../src/core/http/server/bearer.ts"
import { onTestClock } from "../support/effect.ts"
import { makeWorld } from "../support/world.ts"

const caller = (name: string, role: Caller["role"]): Caller => ({
  name,
  role,
  token: secretText(`${name}-token-12345`),
})
const callers = [caller("eyes", "reader"), caller("hands", "responder")]

/** The app of a running worker, and a way to ask it. */
const startApp = Effect.fnUntraced(function* (
  options: Parameters<typeof makeWorld>[0],
  env: Record<string, string> = {},
) {
  const world = yield* makeWorld(options, env)
  yield* world.start
  yield* world.pass(5_000)
  const app = yield* openHttpApp({
    tenants: [world.tenant()],
    callers,
    started_ms: Date.parse("2026-01-14T23:59:53Z"),
  }).pipe(Effect.provide(world.tenant().services))
  const ask = (path: string, token?: string) =>
    Effect.promise(async () => {
      const answer = await app.request(path, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      })
      return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() }
    })
  return { world, ask }
})

describe("the HTTP API", () => {
  test("tells everybody how the process is", () =>
    onTestClock(
      Effect.gen(function* () {
        const { ask } = yield* startApp({ events_per_partition: 100 })
        expect(yield* ask("/health/live")).toMatchObject({ status: 200, text: '{"status":"ok"}' })
        expect(yield* ask("/health/ready")).toMatchObject({ status: 200, text: '{"ready":true}' })
        const health = yield* ask("/health")
        expect(health.status).toBe(200)
        expect(JSON.parse(health.text)).toMatchObject({
          status: "ok",
          uptime_s: 12,
          plugins: { "event-stream": { status: "ok", detail: expect.stringContaining("reading") } },
        })
      }),
    ))

  test("is unready while the streams cannot be listed, and failed when a person has to act", () =>
    onTestClock(
      Effect.gen(function* () {
        const { ask } = yield* startApp({ faults: [{ on: "list", until_ms: 60_000, do: { status: 403 } }] })
        expect((yield* ask("/health/ready")).status).toBe(503)
        expect((yield* ask("/health/live")).status).toBe(200)
        const health = yield* ask("/health")
        expect(health.status).toBe(503)
        expect(JSON.parse(health.text).status).toBe("failed")
      }),
    ))

  test("gives its metrics to a reader, and to nobody without a token", () =>
    onTestClock(
      Effect.gen(function* () {
        const { ask } = yield* startApp({ partitions: 2, events_per_partition: 100 })
        const refused = yield* ask("/metrics")
        expect(refused).toMatchObject({ status: 401, type: "application/problem+json" })
        expect((yield* ask("/metrics", "wrong-token")).status).toBe(401)
        const { status, text } = yield* ask("/metrics", "eyes-token-12345")
        expect(status).toBe(200)
        expect(text).toMatch(/akonis_events_in_total\{[^}]*partition="1"[^}]*\} \d+/)
        expect(text).toMatch(/akonis_events_out_total\{[^}]*tenant="default"[^}]*\} \d+/)
        expect(text).toMatch(/akonis_committed_offset\{[^}]*\} \d+/)
        expect(text).toMatch(/akonis_stream_opens_total\{[^}]*\} \d+/)
      }),
    ))

  test("answers an unknown path with a problem document", () =>
    onTestClock(
      Effect.gen(function* () {
        const { ask } = yield* startApp({ events_per_partition: 1 })
        expect((yield* ask("/nowhere")).status).toBe(401)
        expect(yield* ask("/nowhere", "hands-token-12345")).toMatchObject({
          status: 404,
          type: "application/problem+json",
        })
      }),
    ))
})
