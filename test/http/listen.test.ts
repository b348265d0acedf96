import { expect, test } from "bun:test"
import net from "node:net"
import { Effect } from "effect"
import { listen } from "../../src/core/http/server/listen.ts"

test("connections without a request under way are closed, and a slow request is not", async () => {
  const slow = Promise.withResolvers<void>()
  const answer = async (request: Request): Promise<Response> => {
    if (request.url.endsWith("/slow")) await slow.promise
    return new Response("done")
  }
  await Effect.gen(function* () {
    const { port } = yield* listen({ hostname: "127.0.0.1", port: 0, fetch: answer, idle_s: 1 })
    const connection = (bytes: string) => {
      const closed = Promise.withResolvers<string>()
      let text = ""
      const socket = net.connect(port, "127.0.0.1", () => void socket.write(bytes))
      socket.on("data", (data) => {
        text += data.toString()
      })
      socket.on("close", () => closed.resolve(text))
      return closed.promise
    }
    const waiting = connection("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
    const idle = [
      " ",
      "GET / HTTP/1.1\r\nHost: localhost\r\n",
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf",
    ].map(connection)
    const open = Effect.as(Effect.sleep(30_000), "an idle connection is still open")
    const closed = Effect.as(
      Effect.promise(() => Promise.all(idle)),
      "closed",
    )
    expect(yield* Effect.raceFirst(closed, open)).toBe("closed")
    slow.resolve()
    expect(yield* Effect.promise(() => waiting)).toContain("done")
  }).pipe(Effect.scoped, Effect.runPromise)
}, 60_000)
