/** Shares the connections of the process out, so that no kind of request can take those of another. */
import { Context, Effect, Semaphore } from "effect"
import { TransportError } from "../../errors.ts"
import { Http, type HttpRequest } from "./http.ts"
import { connections } from "./limits.ts"

/**
 * What a request is for. `intake`: deliveries. `session`: what keeps streams alive: tokens, listings, refreshes. `action`: response
 * actions. `lookup`: everything else, the enrichment and the inventories for instance.
 */
export type Purpose = "intake" | "session" | "action" | "lookup"

/** The purpose of all requests of an effect, unless a part of it names another. */
const RequestPurpose = Context.Reference<Purpose>("akonis/core/RequestPurpose", {
  defaultValue: () => "lookup",
})

/** Marks what an effect asks the network for. */
export const forPurpose = (purpose: Purpose) => Effect.provideService(RequestPurpose, purpose)

type Door = Http["Service"]

/**
 * A request waits for a connection of its purpose. When none gets free within its time it fails as `refused`: nothing was sent. A
 * feed never waits, since feeds seldom end: there is a place for it or it is refused.
 */
export const inPools = (door: Door): Door => {
  const pools: Readonly<Record<Purpose, Semaphore.Semaphore>> = {
    intake: Semaphore.makeUnsafe(connections.intake),
    session: Semaphore.makeUnsafe(connections.session),
    action: Semaphore.makeUnsafe(connections.action),
    lookup: Semaphore.makeUnsafe(connections.lookup),
  }
  let feeds = 0

  const send: Door["send"] = (request, bytes_max) =>
    Effect.flatMap(RequestPurpose, (purpose) => {
      const pool = pools[purpose]
      const exchange = Effect.suspend(() => door.send(request, bytes_max))
      return Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          if (!(yield* pool.takeIfAvailable(1))) yield* restore(waitForPlace(pool, purpose, request))
          return yield* Effect.ensuring(restore(exchange), pool.release(1))
        }),
      )
    })

  const placeForFeed = Effect.acquireRelease(
    Effect.suspend(() => {
      if (feeds >= connections.feeds) return Effect.fail(tooManyFeeds())
      feeds++
      return Effect.void
    }),
    () => Effect.sync(() => feeds--),
  )

  return Http.of({ send, open: (request) => Effect.andThen(placeForFeed, door.open(request)) })
}

/** Takes the place, or fails without it. */
const waitForPlace = (pool: Semaphore.Semaphore, purpose: Purpose, { url, timeout_ms }: HttpRequest) =>
  Effect.timeoutOrElse(pool.take(1), {
    duration: timeout_ms,
    orElse: () =>
      Effect.fail(
        refused(
          URL.canParse(url) ? new URL(url).host : "",
          `nothing was sent within ${timeout_ms} ms: all ${connections[purpose]} connections for ${names[purpose]} wait for answers`,
        ),
      ),
  })

const names = { intake: "the intake", session: "sessions", action: "actions", lookup: "lookups" } as const

const tooManyFeeds = () =>
  refused("", `this process reads ${connections.feeds} feeds already and carries no more; use several processes`)

const refused = (host: string, message: string) => new TransportError({ reason: "refused", host, message })
