/**
 * Finds a feed for a partition, however long it takes, and notices partitions that appear. One listing at a time; what a
 * listing brings for other partitions is kept for them, so that partitions whose sessions end together cost one listing.
 */
import { Clock, Effect, Metric, Semaphore } from "effect"
import type { FalconError } from "../../core/falcon/errors.ts"
import { waitMs } from "../../core/http/backoff.ts"
import { retry, stream } from "../../core/limits.ts"
import { monotonicMs } from "../../core/monotonic.ts"
import type { HealthCell } from "../../core/telemetry/health.ts"
import { metrics } from "../../core/telemetry/metrics.ts"
import type { AppIds } from "./app-ids.ts"
import type { Feed } from "./feed.ts"
import { listFeeds } from "./listing.ts"

type ListServices = Effect.Services<ReturnType<typeof listFeeds>>

export interface Discovery {
  /** A feed that nobody reads yet; `undefined` when Falcon no longer lists the partition. Waits as long as it takes. */
  readonly acquire: (root_url: string) => Effect.Effect<Feed | undefined, never, ListServices>
  /** The feed is read no longer: its app id may be asked for again. */
  readonly release: (feed: Feed) => void
  /** Lists once and gives the partitions; what it brings is kept for {@link acquire}. Waits as long as it takes. */
  readonly list: Effect.Effect<readonly string[], never, ListServices>
  /** The same under a spare app id, without waiting: `[]` when that did not work. */
  readonly peek: Effect.Effect<readonly string[], never, ListServices>
}

/** A kept feed older than this is not used: its session may have ended for want of a refresh. */
const freshness = 0.5

export const makeDiscovery = Effect.fnUntraced(function* (ids: AppIds, health: HealthCell) {
  const one_at_a_time = yield* Semaphore.make(1)
  const kept = new Map<string, Feed>()
  const in_use = new Set<Feed>()
  let complained = ""

  /** Health says what is wrong with the last listing that brought streams; the log says it when it changes. */
  const complain = Effect.fnUntraced(function* (complaints: readonly string[]) {
    const detail = complaints.join("; ")
    yield* health.set(detail === "" ? "ok" : "degraded", detail)
    if (detail !== "" && detail !== complained) yield* Effect.logWarning(`the listing of streams: ${detail}`)
    complained = detail
  })

  const keep = (feeds: readonly Feed[]): readonly string[] => {
    for (const feed of feeds) kept.set(feed.root_url, feed)
    return feeds.map((feed) => feed.root_url)
  }

  const takeKept = (root_url: string, now_ms: number): Feed | undefined => {
    const feed = kept.get(root_url)
    kept.delete(root_url)
    return feed !== undefined && now_ms - feed.listed_ms < feed.interval_ms * freshness ? feed : undefined
  }

  /** Ids that no partition of ours reads under, in the order to try them; all, when every one is in use. */
  const candidates = (): readonly string[] => {
    const busy = new Set([...in_use].map((feed) => feed.app_id))
    const free = ids.list().filter((id) => !busy.has(id))
    return free.length > 0 ? free : ids.list()
  }

  const listUntilFound = Effect.gen(function* () {
    for (let failures = 0, empty = 0; ; ) {
      const tried = candidates()
      // Each id is asked twice before the next: the session of a process that just ended may be about to go.
      const app_id = tried[Math.floor(empty / 2) % tried.length]!
      const answer = yield* Effect.result(listFeeds(app_id))
      if (answer._tag === "Failure") {
        yield* count("failed")
        yield* waitAfter(answer.failure, ++failures)
        continue
      }
      failures = 0
      const { feeds, complaints } = answer.success
      if (feeds.length > 0) {
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
    }
  })

  const waitWhileHeld = Effect.fnUntraced(function* (app_id: string, empty: number) {
    const detail = `Falcon lists no streams for app id ${app_id}: an earlier session still holds it, or the tenant has no event streams`
    yield* health.set("degraded", detail)
    const wait_ms =
      empty % 2 === 1 ? stream.empty_listing_ms : empty % (2 * stream.app_ids_max) === 0 ? stream.empty_listing_ms : 0
    const next = empty % 2 === 1 ? `asking again in ${wait_ms / 1_000} s` : "trying the next id"
    yield* Effect.logWarning(`${detail}; ${next}`)
    yield* Effect.sleep(wait_ms)
  })

  const waitAfter = Effect.fnUntraced(function* (error: FalconError, failures: number) {
    const needs_person = ["forbidden", "unauthorized", "untrusted_url", "rejected"].includes(error.reason)
    const wait_ms = yield* waitMs(failures, error.retry_after_ms, needs_person ? retry.backoff_ms_max : 0)
    if (needs_person) yield* health.set("failed", error.message)
    else if (failures > 1 || error.reason === "malformed") yield* health.set("degraded", error.message)
    const log = needs_person ? Effect.logError : Effect.logWarning
    yield* log(`streams cannot be listed: ${error.message}; next try in ${Math.round(wait_ms / 100) / 10} s`)
    yield* Effect.sleep(wait_ms)
  })

  const list = Effect.map(listUntilFound, keep).pipe(Semaphore.withPermits(one_at_a_time, 1))

  const acquire = (root_url: string) =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const ready = takeKept(root_url, monotonicMs(clock))
      if (ready === undefined) keep(yield* listUntilFound)
      const feed = ready ?? takeKept(root_url, monotonicMs(clock))
      if (feed !== undefined) in_use.add(feed)
      return feed
    }).pipe(Semaphore.withPermits(one_at_a_time, 1))

  const peek = Effect.gen(function* () {
    const spare = candidates()[0]!
    if ([...in_use].some((feed) => feed.app_id === spare)) return []
    const { feeds, complaints } = yield* listFeeds(spare)
    if (feeds.length > 0) yield* complain(complaints)
    return keep(feeds)
  }).pipe(
    Effect.catchTag("FalconError", (error) =>
      Effect.as(Effect.logDebug(`no look for new partitions: ${error.message}`), [] as readonly string[]),
    ),
    Semaphore.withPermits(one_at_a_time, 1),
  )

  return { acquire, list, peek, release: (feed) => void in_use.delete(feed) } satisfies Discovery
})

const count = (outcome: "found" | "empty" | "failed") =>
  Metric.update(Metric.withAttributes(metrics.listings, { outcome }), 1)
