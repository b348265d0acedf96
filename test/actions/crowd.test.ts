import { expect, test } from "bun:test"
import { Hono } from "hono"
import { type ApiEnv, giveRequestId } from "../../src/api/api.ts"
import { limitRequests } from "../../src/api/crowd.ts"
import { server } from "../../src/core/http/server/limits.ts"

/** An app whose answers wait for the gate. */
const gated = () => {
  const gate = Promise.withResolvers<void>()
  const app = new Hono<ApiEnv>()
  app.use(giveRequestId)
  app.use(limitRequests())
  app.get("/", async (c) => {
    await gate.promise
    return c.text("done")
  })
  const ask = async (peer: string) => app.fetch(new Request("http://localhost/"), { peer })
  return {
    open: gate.resolve,
    ask,
    askFor: (peer: string, count: number) => Array.from({ length: count }, () => ask(peer)),
  }
}

test("one address has so many requests answered at once; its next one gets 429 and a time to come back, and others are heard", async () => {
  const { open, ask, askFor } = gated()
  const waiting = askFor("10.0.0.1", server.requests_per_peer_max)
  const late = ask("10.0.0.1")
  const other = ask("10.0.0.2")
  open()
  const refused = await late
  expect([refused.status, refused.headers.get("retry-after"), refused.headers.get("connection")]).toEqual([
    429,
    String(server.requests_retry_s),
    "close",
  ])
  expect((await other).status).toBe(200)
  expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set([200]))
  expect((await ask("10.0.0.1")).status).toBe(200)
})

test("so many requests are answered at once in all; the next one gets 503, whoever asks", async () => {
  const { open, ask, askFor } = gated()
  const addresses = server.requests_max / 100
  const waiting = Array.from({ length: addresses }, (_, i) => askFor(`10.0.1.${i}`, 100)).flat()
  const late = ask("10.0.0.9")
  open()
  const refused = await late
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, String(server.requests_retry_s)])
  await Promise.all(waiting)
  expect((await ask("10.0.0.9")).status).toBe(200)
})
