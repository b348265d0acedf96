/**
 * Finds a feed for a partition, however long it takes, and notices partitions that appear. One listing at a time; what a
 * listing brings for other partitions is kept for them, so that partitions whose sessions end together cost one listing.
 */
import { Clock, Effect, Latch, Metric, Semaphore } from "effect"
import type { FalconError } from "../../core/falcon/errors.ts"
import { monotonicMs } from "../../core/monotonic.ts"
import { Fenced } from "../../core/store/fence.ts"
import type { HealthCell } from "../../core/telemetry/health.ts"
import { waitAfter } from "../../core/wait-policy.ts"
import type { AppIds } from "./app-ids.ts"
import type { Feed } from "./feed.ts"
import { app_ids, stream } from "./limits.ts"
import { listFeeds } from "./listing.ts"
import { metrics } from "./metrics.ts"
import { Rivals } from "./rivals.ts"

type ListServices = Effect.Services<ReturnType<typeof listFeeds>>

export interface Discovery {
  /** A feed that nobody reads yet; `undefined` when Falcon no longer lists the partition. Waits as long as it takes. */
  readonly acquire: (root_url: string) => Effect.Effect<Feed | undefined, never, ListServices>
  /** The feed is read no longer: its app id may be asked for again. */
  readonly release: (feed: Feed) => Effect.Effect<void>
  /** Completes when a listing has the partition, which nobody reads: {@link acquire} has a feed for it. */
  readonly listedAgain: (root_url: string) => Effect.Effect<void>
  /** Completes when the partition is to go on under the newest app id, with the others: {@link acquire} has a feed for it. */
  readonly moved: (feed: Feed) => Effect.Effect<string>
  /** Lists once and gives the partitions; what it brings is kept for {@link acquire}. Waits as long as it takes. */
  readonly list: Effect.Effect<readonly string[], never, ListServices>
  /** Lists once under a spare app id, without waiting, and gives the partitions; `[]` when that did not work. */
  readonly peek: Effect.Effect<readonly string[], never, ListServices>
}

/** The share of its interval for which a listed feed that nobody reads is good: later its session may have ended without a refresh. */
const freshness = 0.5

const isFresh = (feed: Feed, now_ms: number): boolean => now_ms - feed.listed_ms < feed.interval_ms * freshness

export const makeDiscovery = Effect.fnUntraced(function* (ids: AppIds, health: HealthCell) {
  const one_at_a_time = yield* Semaphore.make(1)
  /** Feeds that were listed and that nobody reads yet, by partition. */
  const unread = new Map<string, Feed>()
  const in_use = new Map<Feed, Latch.Latch>()
  /** Partitions that were not listed any more, and wait. */
  const missing = new Map<string, Latch.Latch>()
  const rivals = new Rivals()
  let complained = ""
  /** What was wrong with the last listing that brought streams. */
  let last_complaints: readonly string[] = []

  /** Health says what is wrong with the last listing that brought streams; the log says it when it changes. */
  const complain = Effect.fnUntraced(function* (complaints: readonly string[]) {
    const now_ms = monotonicMs(yield* Clock.Clock)
    last_complaints = complaints
    const detail = [...complaints, ...rivals.complaints(now_ms)].join("; ")
    yield* health.set(detail === "" ? "ok" : "degraded", detail)
    if (detail !== "" && detail !== complained) yield* Effect.logWarning(`the listing of streams: ${detail}`)
    complained = detail
  })

  const addUnread = (feeds: readonly Feed[]): readonly string[] => {
    for (const feed of feeds) {
      unread.set(feed.root_url, feed)
      missing.get(feed.root_url)?.openUnsafe()
    }
    return feeds.map((feed) => feed.root_url)
  }

  const takeUnread = (root_url: string, now_ms: number): Feed | undefined => {
    const feed = unread.get(root_url)
    unread.delete(root_url)
    return feed !== undefined && isFresh(feed, now_ms) ? feed : undefined
  }

  /** Ids that partitions of ours read under. */
  const busy = (): ReadonlySet<string> => new Set([...in_use.keys()].map((feed) => feed.app_id))

  /** The others, in the order to try them; all, when every one is in use. */
  const candidates = (): readonly string[] => {
    const taken = busy()
    const free = ids.list().filter((id) => !taken.has(id))
    return free.length > 0 ? free : ids.list()
  }

  /**
   * Partitions whose sessions end one after the other would come to read under one id each, until none is left that is
   * free. Before that happens, all that have a feed under a newer id move to it.
   */
  const gather = (now_ms: number): void => {
    if (ids.list().length - busy().size >= app_ids.free_min) return
    for (const [feed, moves] of in_use) {
      const newer = unread.get(feed.root_url)
      if (newer !== undefined && newer.app_id !== feed.app_id && isFresh(newer, now_ms)) moves.openUnsafe()
    }
  }

  /** One listing; remembers who holds the app id. */
  const listUnder = Effect.fnUntraced(function* (app_id: string) {
    const found = yield* listFeeds(app_id)
    const now_ms = monotonicMs(yield* Clock.Clock)
    if (found.feeds.length > 0) rivals.used(app_id, now_ms)
    else if (!busy().has(app_id)) rivals.found(app_id, now_ms)
    return found
  })

  // In a cluster the process before may be frozen, or Falcon believe that one which was killed still reads: no id is waited for at first.
  let hurries = (yield* Fenced) !== undefined

  const listUntilFound = Effect.gen(function* () {
    for (let failures = 0, empty = hurries ? 1 : 0; ; ) {
      const tried = candidates()
      // Each id is asked twice before the next: the session of a process that just ended may be about to go.
      const app_id = tried[Math.floor(empty / 2) % tried.length]!
      const answer = yield* Effect.result(listUnder(app_id))
      if (answer._tag === "Failure") {
        yield* count("failed")
        yield* waitForListing(answer.failure, ++failures)
        continue
      }
      failures = 0
      const { feeds, complaints } = answer.success
      if (feeds.length > 0) {
        hurries = false
        yield* count("found")
        yield* ids.prefer(app_id).pipe(
          // Not worth stopping for: the next start then begins with another id of the ring.
          Effect.catchTag("StoreError", (error) =>
            Effect.logWarning(`the app id in use is not remembered: ${error.message}`),
          ),
        )
        yield* complain(complaints)
        return feeds
      }
      yield* count("empty")
      yield* waitWhileHeld(app_id, ++empty)
      hurries = hurries && empty < 2 * tried.length
      if (hurries) empty++
    }
  })

  const waitWhileHeld = Effect.fnUntraced(function* (app_id: string, empty: number) {
    const holder = busy().has(app_id)
      ? "partitions of this worker read under it, and it is the last of the ring"
      : "an earlier session still holds it, or the tenant has no event streams"
    const detail = `Falcon lists no streams for app id ${app_id}: ${holder}`
    yield* health.set("degraded", detail)
    const wait_ms =
      empty % 2 === 1 ? stream.empty_listing_ms : empty % (2 * stream.app_ids_max) === 0 ? stream.empty_listing_ms : 0
    const next = empty % 2 === 1 ? `asking again in ${wait_ms / 1_000} s` : "trying the next id"
    yield* Effect.logWarning(`${detail}; ${next}`)
    yield* Effect.sleep(wait_ms)
  })

  const waitForListing = (error: FalconError, failures: number) => {
    const { reason, message, retry_after_ms } = error
    const needs_person = ["forbidden", "unauthorized", "untrusted_url", "rejected"].includes(reason)
    return waitAfter({
      recovery: needs_person ? "operator" : "retry",
      failures,
      retry_after_ms,
      message: `streams cannot be listed: ${message}`,
      health,
      tell: () => {
        if (needs_person) return ["failed", message]
        return failures > 1 || reason === "malformed" ? ["degraded", message] : undefined
      },
    })
  }

  const list = Effect.map(listUntilFound, addUnread).pipe(Semaphore.withPermits(one_at_a_time, 1))

  const acquire = (root_url: string) =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const ready = takeUnread(root_url, monotonicMs(clock))
      if (ready === undefined) addUnread(yield* listUntilFound)
      const feed = ready ?? takeUnread(root_url, monotonicMs(clock))
      if (feed === undefined) return undefined
      in_use.set(feed, Latch.makeUnsafe(false))
      gather(monotonicMs(clock))
      return feed
    }).pipe(Semaphore.withPermits(one_at_a_time, 1))

  const peekUnder = Effect.fnUntraced(function* (app_id: string) {
    const { feeds, complaints } = yield* listUnder(app_id)
    yield* complain(feeds.length > 0 ? complaints : last_complaints)
    return addUnread(feeds)
  })

  const peek = Effect.gen(function* () {
    // An id that somebody else seems to hold is worth a look of its own.
    const { suspect } = rivals
    if (suspect !== undefined && !busy().has(suspect)) {
      const found = yield* peekUnder(suspect)
      if (found.length > 0) return found
    }
    const spare = candidates().find((id) => id !== suspect)
    if (spare === undefined || busy().has(spare)) return []
    return yield* peekUnder(spare)
  }).pipe(
    Effect.catchTag("FalconError", (error) =>
      Effect.as(Effect.logDebug(`no look for new partitions: ${error.message}`), [] as readonly string[]),
    ),
    Semaphore.withPermits(one_at_a_time, 1),
  )

  const release = Effect.fnUntraced(function* (feed: Feed) {
    in_use.delete(feed)
    rivals.used(feed.app_id, monotonicMs(yield* Clock.Clock))
  })

  const listedAgain = (root_url: string) =>
    Effect.suspend(() => {
      if (unread.has(root_url)) return Effect.void
      const latch = Latch.makeUnsafe(false)
      missing.set(root_url, latch)
      return Effect.ensuring(
        latch.await,
        Effect.sync(() => missing.delete(root_url)),
      )
    })

  const moved = (feed: Feed) =>
    Effect.as(in_use.get(feed)?.await ?? Effect.never, "all partitions move to a newer app id")

  return { acquire, list, peek, release, listedAgain, moved } satisfies Discovery
})

const count = (outcome: "found" | "empty" | "failed") =>
  Metric.update(Metric.withAttributes(metrics.listings, { outcome }), 1)
