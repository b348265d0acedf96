import { expect, test } from "bun:test"
import { Clock, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { TransportError } from "../../src/core/errors.ts"
import { connections } from "../../src/core/http/client/limits.ts"
import { inPools, makeProcessPlaces } from "../../src/core/http/client/pools.ts"
import { forPurpose } from "../../src/core/http/client/purpose.ts"

const request = { method: "POST", url: "http://intake.test/batch", timeout_ms: 30_000 } as const

/** The door of one of many tenants of a process, on a network where no request is answered. */
const doorIn = (shared: ReturnType<typeof makeProcessPlaces>) => {
  const gone = new TransportError({ reason: "reset", host: "intake.test", message: "gone" })
  const door = inPools(
    { send: () => Effect.fail(gone), open: () => Effect.succeed(new Response(null)) },
    { tenants: 100, shared },
  )
  return { post: Effect.flip(door.send(request, 1).pipe(forPurpose("intake"))), pools: door.pools! }
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
