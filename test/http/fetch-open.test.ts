import { describe, expect, test } from "bun:test"
import { Effect, Fiber } from "effect"
import { Http } from "../../src/core/http/http.ts"
import { dripping, run, send, tcp } from "./sockets.ts"

describe("interruption", () => {
  test("aborts a request that waits for its headers", async () => {
    const opened = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    using server = await tcp((socket) => {
      socket.once("data", () => opened.resolve())
      socket.on("close", () => closed.resolve())
    })
    await run(
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(send(server.url))
        yield* Effect.promise(() => opened.promise)
        yield* Fiber.interrupt(fiber)
      }),
    )
    await closed.promise
  })

  test("aborts a request that reads its body", async () => {
    using server = dripping()
    await run(Effect.timeoutOption(send(server.url), 60))
    await server.gone
  })
})

describe("an open response", () => {
  const open = (url: string, timeout_ms: number) => Http.use((http) => http.open({ method: "GET", url, timeout_ms }))

  test("may take longer than its time limit, which ends with the headers", async () => {
    using server = dripping(12)
    const text = await run(
      Effect.scoped(Effect.flatMap(open(server.url, 60), (response) => Effect.promise(() => response.text()))),
    )
    expect(text.length).toBe(1_200)
  })

  test("is closed with its scope, read or unread", async () => {
    using unread = dripping()
    await run(Effect.scoped(open(unread.url, 1_000)))
    await unread.gone

    using half = dripping()
    await run(
      Effect.scoped(
        Effect.flatMap(open(half.url, 1_000), (response) => Effect.promise(() => response.body!.getReader().read())),
      ),
    )
    await half.gone
  })

  test("gives compressed pieces as they come", async () => {
    const { createGzip, constants } = await import("node:zlib")
    using server = await tcp((socket) =>
      socket.once("data", async () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n")
        const gzip = createGzip()
        gzip.on("data", (piece) => socket.write(piece))
        gzip.write("first\n")
        gzip.flush(constants.Z_SYNC_FLUSH)
      }),
    )
    const first = await run(
      Effect.scoped(
        Effect.flatMap(open(server.url, 1_000), (response) => Effect.promise(() => response.body!.getReader().read())),
      ),
    )
    expect(new TextDecoder().decode(first.value)).toBe("first\n")
  })

  test("fails when the headers do not come in time, and closes the connection before its scope ends", async () => {
    const closed = Promise.withResolvers<void>()
    using server = await tcp((socket) => socket.on("close", () => closed.resolve()))
    await run(
      Effect.scoped(
        Effect.gen(function* () {
          const error = yield* Effect.flip(open(server.url, 50))
          expect(error.reason).toBe("timeout")
          yield* Effect.promise(() => closed.promise)
        }),
      ),
    )
  })
})
