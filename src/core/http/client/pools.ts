/** Shares the connections of the process out, so that no kind of request can take those of another. */
import { Clock, Effect, Semaphore } from "effect"
import { TransportError } from "../../errors.ts"
import { monotonicMs } from "../../monotonic.ts"
import { readDescriptors, reserveOf } from "../descriptors.ts"
import type { Http, HttpRequest } from "./http.ts"
import { connections } from "./limits.ts"
import { byPurpose, hostOf, names, type Places, Pool, type Purpose, purposes } from "./pool.ts"
import { RequestPurpose } from "./purpose.ts"

type Door = Http["Service"]

/** The feeds that are open, and how many may be. */
export interface Feeds {
  open: number
  readonly max: number
  /** Files that the process may open, where that is why no more feeds fit. */
  readonly descriptors_max?: number
}

/** A feed costs a descriptor. What the process keeps in reserve for requests, files and callers is not for feeds. */
export const feedsOf = (descriptors: { readonly limit: number } | undefined): Feeds => {
  const room = descriptors === undefined ? connections.feeds : descriptors.limit - reserveOf(descriptors.limit)
  return room < connections.feeds
    ? { open: 0, max: room, descriptors_max: descriptors!.limit }
    : { open: 0, max: connections.feeds }
}

/** What all tenants of a process share: places for feeds, and for requests by their purpose. */
export interface ProcessPlaces {
  readonly feeds: Feeds
  readonly requests: Readonly<Record<Purpose, Places>>
  /** Of these, as many as tenants may hold for hosts that have not answered their last request of the purpose. */
  readonly unanswered: Readonly<Record<Purpose, Places>>
}

export const makeProcessPlaces = (): ProcessPlaces => ({
  feeds: feedsOf(readDescriptors()),
  requests: placesOf(1, ({ size, name }) => `all ${size} connections of the process for ${name}`),
  unanswered: placesOf(
    connections.unanswered_share,
    ({ size, name }) => `all ${size} connections for ${name} of tenants whose last request was not answered`,
  ),
})

/** One in `share` of the connections for each purpose. */
const placesOf = (share: number, all: (of: { readonly size: number; readonly name: string }) => string) =>
  byPurpose((purpose): Places => {
    const size = Math.max(1, Math.floor(connections[purpose] / share))
    return { free: Semaphore.makeUnsafe(size), all: () => all({ size, name: names[purpose] }) }
  })

export interface PoolOptions {
  /** Tenants that share the process. Each has an equal part of the requests, so that none can take those of another. */
  readonly tenants?: number
  readonly shared?: ProcessPlaces
}

export interface DoorInPools extends Door {
  /** Makes the pools those of one of so many tenants. Requests that are under way go on. */
  readonly shareWith: (tenants: number) => Effect.Effect<void>
}

/**
 * A request waits for a connection of its purpose: for one of its tenant's, then for one of the process', so that however many tenants
 * there are, the runtime carries what is under way. Among several tenants, one whose last request of the purpose to the same host was not
 * answered waits for one of a few places besides: many tenants with dead intakes leave the others most connections. When none gets free
 * within its time the request fails as `refused`: nothing was sent. A feed never waits, since feeds seldom end: there is a place for it or it is refused.
 */
export const inPools = (door: Door, { tenants = 1, shared = makeProcessPlaces() }: PoolOptions = {}): DoorInPools => {
  const { feeds } = shared
  /** Purposes and hosts whose last request was not answered. */
  const unanswered = new Set<string>()
  let is_alone = tenants === 1
  const pools = byPurpose((purpose) => new Pool(purpose, partOf(purpose, tenants)))

  const send: Door["send"] = (request, bytes_max) =>
    Effect.flatMap(RequestPurpose, (purpose) => {
      const pool = pools[purpose]
      const asked = `${purpose} ${hostOf(request.url)}`
      const exchange = Effect.suspend(() => door.send(request, bytes_max)).pipe(
        Effect.tap(() => Effect.sync(() => unanswered.delete(asked))),
        Effect.tapError(() => Effect.sync(() => unanswered.add(asked))),
      )
      return Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const clock = yield* Clock.Clock
          const places = [
            pool.places,
            ...(!is_alone && unanswered.has(asked) ? [shared.unanswered[purpose]] : []),
            shared.requests[purpose],
          ]
          const held: Places[] = []
          const next = () => places[held.length] ?? pool.places
          yield* takeAll(places, held, (wait) => pool.queued(clock, next, restore(within(request, next, wait)))).pipe(
            Effect.onError(() => releaseAll(held)),
          )
          return yield* Effect.ensuring(pool.using(clock, request.url, restore(exchange)), releaseAll(held))
        }),
      )
    })

  const placeForFeed = Effect.acquireRelease(
    Effect.suspend(() => {
      if (feeds.open >= feeds.max) return Effect.fail(tooManyFeeds(feeds))
      feeds.open++
      return Effect.void
    }),
    () => Effect.sync(() => feeds.open--),
  )

  return {
    send,
    open: (request) => Effect.andThen(placeForFeed, door.open(request)),
    pools: (clock) => purposes.map((purpose) => pools[purpose].look(monotonicMs(clock))),
    shareWith: (others) =>
      Effect.suspend(() => {
        is_alone = others === 1
        return Effect.forEach(purposes, (purpose) => pools[purpose].resize(partOf(purpose, others)), { discard: true })
      }),
  }
}

/** Whether a tenant has another number of connections for anything when the process has so many tenants instead of so many. */
export const partsDiffer = (before: number, after: number): boolean =>
  purposes.some((purpose) => partOf(purpose, before) !== partOf(purpose, after))

/** What one of so many tenants has of the connections for a purpose. */
const partOf = (purpose: Purpose, tenants: number): number =>
  Math.max(connections.tenant_min, Math.floor(connections[purpose] / tenants))

/** Takes one of each in this order, which is the same for everybody, so that nobody waits in a circle. Notes what it holds. */
const takeAll = <E>(
  places: readonly Places[],
  held: Places[],
  waiting: (wait: Effect.Effect<void>) => Effect.Effect<void, E>,
): Effect.Effect<void, E> =>
  Effect.gen(function* () {
    const take = Effect.gen(function* () {
      for (const place of places.slice(held.length)) {
        yield* Effect.uninterruptibleMask((restore) =>
          Effect.andThen(
            restore(place.free.take(1)),
            Effect.sync(() => held.push(place)),
          ),
        )
      }
    })
    for (const place of places) {
      if (!(yield* place.free.takeIfAvailable(1))) return yield* waiting(take)
      held.push(place)
    }
  })

const releaseAll = (held: readonly Places[]) =>
  Effect.forEach(held, (place) => place.free.release(1), { discard: true })

/** Waits as long as the request may take, and fails without having sent it, naming the places that did not get free. */
const within = ({ url, timeout_ms }: HttpRequest, next: () => Places, wait: Effect.Effect<void>) =>
  Effect.timeoutOrElse(wait, {
    duration: timeout_ms,
    orElse: () =>
      Effect.fail(refused(hostOf(url), `nothing was sent within ${timeout_ms} ms: ${next().all()} wait for answers`)),
  })

const tooManyFeeds = ({ max, descriptors_max }: Feeds) =>
  refused(
    "",
    descriptors_max === undefined
      ? `this process reads ${max} feeds already and carries no more; use several processes`
      : `this process reads ${max} feeds already and may open ${descriptors_max} files in all; let it open more (LimitNOFILE, ulimit -n) or use several processes`,
  )

const refused = (host: string, message: string) => new TransportError({ reason: "refused", host, message })
