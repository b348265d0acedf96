/** Large bodies that are in hand at once: the real checks of bodies behind a route, fed by streams that stand still where the test wants it. */
import { expect, test } from "bun:test"
import { Hono } from "hono"
import type { ApiEnv } from "../../src/api/api.ts"
import { jsonBody } from "../../src/api/body.ts"
import { server } from "../../src/core/http/server/limits.ts"

const app = new Hono<ApiEnv>().post("/", ...jsonBody, (c) => c.text("taken"))

const post = async (body: ReadableStream | string, headers: Record<string, string> = {}) =>
  app.request("/", { method: "POST", headers: { "content-type": "application/json", ...headers }, body })

/** A body of so many bytes whose last one comes when it is told. `is_held` is kept once all the others have been taken in. */
const heldBody = (bytes: number) => {
  const [held, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const text = new TextEncoder().encode(JSON.stringify("x".repeat(bytes - 2)))
  let pulls = 0
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // Nothing is buffered here: who asks for the second part has the first one in hand.
        if (++pulls === 1) return controller.enqueue(text.subarray(0, -1))
        held.resolve()
        await release.promise
        controller.enqueue(text.subarray(-1))
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, is_held: held.promise, release: release.resolve }
}

test("a body that is large is asked to come again while two others are in hand, and is taken once they are answered", async () => {
  const two = [1, 2].map(() => heldBody(server.body_bytes_max))
  const answers = two.map(({ stream }) => post(stream))
  await Promise.all(two.map(({ is_held }) => is_held))

  const large = JSON.stringify("x".repeat(server.small_body_bytes_max))
  const refused = await post(large)
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, String(server.body_retry_s)])
  expect((await post("{}", { "content-length": "2" })).status).toBe(200)

  for (const { release } of two) release()
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200])
  expect((await post(large)).status).toBe(200)
})
