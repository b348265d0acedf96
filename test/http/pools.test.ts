import { expect, test } from "bun:test"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Http } from "../../src/core/http/client/http.ts"
import { connections } from "../../src/core/http/client/limits.ts"
import { forPurpose, inPools, type Purpose } from "../../src/core/http/client/pools.ts"

const request = { method: "GET", url: "http://falcon.test/x", timeout_ms: 30_000 } as const
const send = (purpose: Purpose, url: string = request.url) =>
  Http.use((http) => http.send({ ...request, url }, 1_000)).pipe(forPurpose(purpose))

/** A network on which everything below /hang never answers. */
const network = () => {
  const seen: string[] = []
  const door = inPools({
    send: ({ url }) => {
      seen.push(url)
      return url.endsWith("/hang") ? Effect.never : Effect.succeed({ status: 200, headers: new Headers(), text: "" })
    },
    open: () => Effect.succeed(new Response(null)),
  })
  return { seen, layer: Layer.succeed(Http, door) }
}

const run = <A, E>(body: Effect.Effect<A, E, Http>, layer: Layer.Layer<Http>) =>
  Effect.runPromise(Effect.provide(body, [layer, TestClock.layer()]))

const hang = (purpose: Purpose, count: number) =>
  Effect.forEach(Array.from({ length: count }), () => Effect.forkChild(send(purpose, "http://falcon.test/hang")))

test.each(["action", "lookup", "session", "intake"] as const)(
  "requests of the kind %s that hang, however many, leave every other kind its connections",
  async (purpose) => {
    const { layer } = network()
    await run(
      Effect.gen(function* () {
        yield* hang(purpose, 1_000)
        yield* Effect.yieldNow
        for (const other of ["action", "lookup", "session", "intake"] as const) {
          if (other !== purpose) expect((yield* send(other)).status).toBe(200)
        }
      }),
      layer,
    )
  },
)

test("what may be under way together is less than the 256 requests of the runtime", () => {
  const { intake, session, action, lookup } = connections
  expect(intake + session + action + lookup).toBeLessThan(256)
})

test("a request without a connection fails once its time is over, says that nothing was sent, and names what is full", async () => {
  const { layer, seen } = network()
  await run(
    Effect.gen(function* () {
      yield* hang("action", connections.action)
      yield* Effect.yieldNow
      const waiting = yield* Effect.forkChild(Effect.flip(send("action", "http://falcon.test/late")))
      yield* TestClock.adjust("30 seconds")
      const error = yield* Fiber.join(waiting)
      expect(error.reason).toBe("refused")
      expect(error.message).toBe("nothing was sent within 30000 ms: all 64 connections for actions wait for answers")
      expect(seen).not.toContain("http://falcon.test/late")
    }),
    layer,
  )
})

test("a place is free again once its request ends or is interrupted", async () => {
  const { layer } = network()
  await run(
    Effect.gen(function* () {
      for (let round = 0; round < 3; round++) {
        const fibers = yield* hang("session", connections.session)
        yield* Effect.yieldNow
        yield* Fiber.interruptAll(fibers)
        expect((yield* send("session")).status).toBe(200)
      }
    }),
    layer,
  )
})

test("one feed more than the process carries is refused by name, until another one ends", async () => {
  const { layer } = network()
  const open = Http.use((http) => http.open(request))
  await run(
    Effect.gen(function* () {
      const places = Effect.scoped(
        Effect.gen(function* () {
          yield* Effect.forEach(Array.from({ length: connections.feeds }), () => open, { discard: true })
          return yield* Effect.flip(Effect.scoped(open))
        }),
      )
      expect((yield* places).message).toContain(`reads ${connections.feeds} feeds already`)
      expect((yield* Effect.scoped(open)).status).toBe(200)
    }),
    layer,
  )
})
