/** Shares the connections of the process out, so that no kind of request can take those of another. */
import { Clock, Context, Effect } from "effect"
import { TransportError } from "../../errors.ts"
import { monotonicMs } from "../../monotonic.ts"
import { Http, type HttpRequest } from "./http.ts"
import { connections } from "./limits.ts"
import { hostOf, names, Pool, type Purpose, purposes } from "./pool.ts"

/** The purpose of all requests of an effect, unless a part of it names another. */
const RequestPurpose = Context.Reference<Purpose>("akonis/core/RequestPurpose", {
  defaultValue: () => "lookup",
})

/** Marks what an effect asks the network for. */
export const forPurpose = (purpose: Purpose) => Effect.provideService(RequestPurpose, purpose)

type Door = Http["Service"]

/** Places for feeds, which all tenants of a process share. */
interface FeedPlaces {
  open: number
}

export interface PoolOptions {
  /** Tenants that share the process. Each has an equal part of the requests, so that none can take those of another. */
  readonly tenants?: number
  readonly feeds?: FeedPlaces
}

/**
 * A request waits for a connection of its purpose. When none gets free within its time it fails as `refused`: nothing was sent. A
 * feed never waits, since feeds seldom end: there is a place for it or it is refused.
 */
export const inPools = (door: Door, { tenants = 1, feeds = { open: 0 } }: PoolOptions = {}): Door => {
  const poolOf = (purpose: Purpose) =>
    new Pool(purpose, Math.max(connections.tenant_min, Math.floor(connections[purpose] / tenants)))
  const pools: Readonly<Record<Purpose, Pool>> = {
    intake: poolOf("intake"),
    session: poolOf("session"),
    action: poolOf("action"),
    lookup: poolOf("lookup"),
  }

  const send: Door["send"] = (request, bytes_max) =>
    Effect.flatMap(RequestPurpose, (purpose) => {
      const pool = pools[purpose]
      const exchange = Effect.suspend(() => door.send(request, bytes_max))
      return Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const clock = yield* Clock.Clock
          if (!(yield* pool.places.takeIfAvailable(1))) yield* pool.queued(clock, restore(waitForPlace(pool, request)))
          return yield* pool.using(clock, request.url, restore(exchange))
        }),
      )
    })

  const placeForFeed = Effect.acquireRelease(
    Effect.suspend(() => {
      if (feeds.open >= connections.feeds) return Effect.fail(tooManyFeeds())
      feeds.open++
      return Effect.void
    }),
    () => Effect.sync(() => feeds.open--),
  )

  return Http.of({
    send,
    open: (request) => Effect.andThen(placeForFeed, door.open(request)),
    pools: (clock) => purposes.map((purpose) => pools[purpose].look(monotonicMs(clock))),
  })
}

/** Takes the place, or fails without it. */
const waitForPlace = ({ places, purpose, size }: Pool, { url, timeout_ms }: HttpRequest) =>
  Effect.timeoutOrElse(places.take(1), {
    duration: timeout_ms,
    orElse: () =>
      Effect.fail(
        refused(
          hostOf(url),
          `nothing was sent within ${timeout_ms} ms: all ${size} connections for ${names[purpose]} wait for answers`,
        ),
      ),
  })

const tooManyFeeds = () =>
  refused("", `this process reads ${connections.feeds} feeds already and carries no more; use several processes`)

const refused = (host: string, message: string) => new TransportError({ reason: "refused", host, message })
