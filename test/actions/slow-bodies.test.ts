/** Bodies that do not come. Time is moved, not waited for: timers of the process are played. */
import { afterEach, beforeEach, expect, jest, test } from "bun:test"
import { Hono } from "hono"
import { type ApiEnv, giveRequestId } from "../../src/api/api.ts"
import { jsonBody } from "../../src/api/body.ts"
import { loginRoutes } from "../../src/api/docs.ts"
import { giveWay } from "../../src/core/http/server/giving-way.ts"
import { server } from "../../src/core/http/server/limits.ts"

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

const app = new Hono<ApiEnv>()
app.use(giveRequestId)
app.post("/", ...jsonBody, async (c) => c.json(await c.req.json()))
const nobody = async () => undefined
app.route("/", loginRoutes({ callerOf: nobody, open: async () => false, close: () => undefined }))

/** A request whose body does not end, and the answer once there is one. */
const askSlowly = (path: string, headers: Readonly<Record<string, string>>) => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  void writer.write(new TextEncoder().encode('{"a":')).catch(() => undefined)
  const request = new Request(`http://localhost${path}`, {
    method: "POST",
    body: readable,
    headers: { "content-type": "application/json", ...headers },
  })
  const asked: { answer?: Response; readonly breakOff: () => void } = {
    breakOff: () => void writer.abort(new Error("the connection is gone")).catch(() => undefined),
  }
  void Promise.resolve(app.fetch(request)).then((given) => {
    asked.answer = given
  })
  return asked
}

const ways = ["/", "/docs/login"].flatMap((path) =>
  [{}, { "content-length": "10" }].map((headers) => [path, headers] as const),
)

/** Lets everything run that waits for no timer. */
const turns = async () => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

test.each(ways)(
  "a body that does not come within its time is answered with 408, in pieces or at once: %s %j",
  async (path, headers) => {
    const asked = askSlowly(path, headers)
    await turns()
    jest.advanceTimersByTime(server.body_ms_max - 1_000)
    await turns()
    expect(asked.answer).toBeUndefined()
    jest.advanceTimersByTime(2_000)
    await turns()
    expect([asked.answer?.status, asked.answer?.headers.get("connection")]).toEqual([408, "close"])
  },
)

test.each(ways)(
  "a body that is waited for is given up with 503 when descriptors run short: %s %j",
  async (path, headers) => {
    const asked = askSlowly(path, headers)
    await turns()
    giveWay()
    await turns()
    const { status, headers: told } = asked.answer!
    expect([status, told.get("connection"), told.get("retry-after")]).toEqual([503, "close", "2"])
  },
)

test.each(ways)(
  "a body that breaks off is nobody's mistake but its caller's, and no line in the log: %s %j",
  async (path, headers) => {
    const asked = askSlowly(path, headers)
    await turns()
    asked.breakOff()
    await turns()
    expect(asked.answer?.status).toBe(400)
  },
)
