import { expect, spyOn, test } from "bun:test"
import { Clock, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { TransportError } from "../../src/core/errors.ts"
import { layerFetch } from "../../src/core/http/client/fetch.ts"
import { connections } from "../../src/core/http/client/limits.ts"
import { Pool } from "../../src/core/http/client/pool.ts"
import { inPools, makeProcessPlaces } from "../../src/core/http/client/pools.ts"
import { forPurpose } from "../../src/core/http/client/purpose.ts"

const request = { method: "POST", url: "http://intake.test/batch", timeout_ms: 30_000 } as const

const gone = new TransportError({ reason: "reset", host: "intake.test", message: "gone" })

/** The door of one of many tenants of a process, on a network where one host answers no request. */
const doorIn = (shared: ReturnType<typeof makeProcessPlaces>, tenants = 100) => {
  const answer = { status: 200, headers: new Headers(), text: "" }
  const door = inPools(
    {
      send: ({ url }) => (url === request.url ? Effect.fail(gone) : Effect.succeed(answer)),
      open: () => Effect.succeed(new Response(null)),
    },
    { tenants, shared },
  )
  const ask = (url: string) => door.send({ ...request, url }, 1).pipe(forPurpose("intake"))
  return { post: Effect.flip(ask(request.url)), ask, shareWith: door.shareWith, pools: door.pools! }
}

test.each([
  ["of the process", "requests", connections.intake, "all 96 connections of the process for the intake"],
  [
    "of tenants without an answer",
    "unanswered",
    connections.intake / connections.unanswered_share,
    "all 24 connections for the intake of tenants whose last request was not answered",
  ],
] as const)("health and the failure name what a request waits for: one of those %s", (_, places, all, words) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const shared = makeProcessPlaces()
      const { post, pools } = doorIn(shared)
      const clock = yield* Clock.Clock
      const look = () => pools(clock).find(({ purpose }) => purpose === "intake")
      expect((yield* post).message).toBe("gone")
      yield* shared[places].intake.free.take(all)
      const waiting = yield* Effect.forkChild(post)
      yield* TestClock.adjust(connections.crowded_ms - 1)
      expect(look()).toEqual({ purpose: "intake", waiting: 1, crowded: undefined })
      yield* TestClock.adjust(1)
      expect(look()?.crowded).toBe(`${words} are in use, and 1 request waits for one, the first for 10 s`)
      yield* TestClock.adjust(request.timeout_ms)
      expect((yield* Fiber.join(waiting)).message).toBe(`nothing was sent within 30000 ms: ${words} wait for answers`)
      expect(look()).toEqual({ purpose: "intake", waiting: 0, crowded: undefined })
    }).pipe(Effect.provide(TestClock.layer())),
  ),
)

test("a host that has not answered holds up no request to another one", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const shared = makeProcessPlaces()
      const { post, ask } = doorIn(shared)
      yield* post
      yield* shared.unanswered.intake.free.take(connections.intake / connections.unanswered_share)
      const other = yield* Effect.forkChild(ask("http://other.test/batch"))
      yield* TestClock.adjust(request.timeout_ms)
      expect((yield* Fiber.join(other)).status).toBe(200)
      const waiting = yield* Effect.forkChild(post)
      yield* TestClock.adjust(request.timeout_ms)
      expect((yield* Fiber.join(waiting)).message).toContain("tenants whose last request was not answered wait")
    }).pipe(Effect.provide(TestClock.layer())),
  ))

test("a tenant that is alone in its process has all connections, answered or not; the places of the unanswered are for several", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const shared = makeProcessPlaces()
      const { post, shareWith } = doorIn(shared, 1)
      yield* shared.unanswered.intake.free.take(connections.intake / connections.unanswered_share)
      const alone = yield* Effect.forkChild(Effect.forEach([1, 2], () => post))
      yield* TestClock.adjust(2 * request.timeout_ms)
      expect((yield* Fiber.join(alone)).map(({ message }) => message)).toEqual(["gone", "gone"])
      yield* shareWith(2)
      const waiting = yield* Effect.forkChild(post)
      yield* TestClock.adjust(request.timeout_ms)
      expect((yield* Fiber.join(waiting)).message).toContain("nothing was sent within")
      yield* shareWith(1)
      expect((yield* post).message).toBe("gone")
    }).pipe(Effect.provide(TestClock.layer())),
  ))

test("a tenant that comes or goes where there are many changes the part of none, and none is told", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const network = layerFetch({ user_agent: "akonis/test" })
      const tenant = Layer.build(network)
      const many = connections.intake / connections.tenant_min
      yield* Effect.forEach(Array.from({ length: many }), () => tenant, { discard: true })
      using resize = spyOn(Pool.prototype, "resize")
      yield* Effect.scoped(tenant)
      expect(resize).not.toHaveBeenCalled()
    }).pipe(Effect.scoped),
  ))
