/** Bodies that do not come. Time is moved, not waited for: timers of the process are played. */
import { afterEach, beforeEach, expect, jest, test } from "bun:test"
import { Hono } from "hono"
import { type ApiEnv, giveRequestId } from "../../src/api/api.ts"
import { jsonBody } from "../../src/api/body.ts"
import { server } from "../../src/core/limits.ts"

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

const app = new Hono<ApiEnv>()
app.use(giveRequestId)
app.post("/", ...jsonBody, async (c) => c.json(await c.req.json()))

/** Lets everything run that waits for no timer. */
const turns = async () => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

test("a body that does not come within its time is answered with 408, in pieces or at once", async () => {
  for (const headers of [{}, { "content-length": "10" }]) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const writer = writable.getWriter()
    void writer.write(new TextEncoder().encode('{"a":')).catch(() => undefined)
    const request = new Request("http://localhost/", {
      method: "POST",
      body: readable,
      headers: { "content-type": "application/json", ...headers },
    })
    let answer: Response | undefined
    void Promise.resolve(app.fetch(request)).then((given) => {
      answer = given
    })
    await turns()
    jest.advanceTimersByTime(server.body_ms_max - 1_000)
    await turns()
    expect(answer).toBeUndefined()
    jest.advanceTimersByTime(2_000)
    await turns()
    expect([answer?.status, answer?.headers.get("connection")]).toEqual([408, "close"])
  }
})
