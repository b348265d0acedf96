/**
 * One cycle of an inventory: read, map, leave out what Sekoia already has, send, remember. Whatever ends a cycle early, the next
 * one goes on where everything before was accepted: positions are stored page by page, accepted assets batch by batch.
 */
import { Clock, Effect, Metric } from "effect"
import type { ConfigError, StoreError } from "../errors.ts"
import type { FalconError } from "../falcon/errors.ts"
import { splitIds } from "../falcon/split-ids.ts"
import { monotonicMs } from "../monotonic.ts"
import { collectGarbage } from "../runtime/collect-garbage.ts"
import type { AssetApi } from "../sekoia/asset-api.ts"
import type { SekoiaError } from "../sekoia/sekoia-error.ts"
import { metrics } from "../telemetry/metrics.ts"
import { emptyTally, type Tally } from "./cycle-tally.ts"
import { assets as limits, listing, reading } from "./limits.ts"
import { newStanding } from "./post-bisecting.ts"
import { newer, openProgress } from "./progress.ts"
import { makeSender, type Sender } from "./sender.ts"
import { openSentIndexFile } from "./sent-index-file.ts"
import type { AssetPage, AssetSource } from "./source.ts"

export type CollectError = FalconError | SekoiaError | ConfigError | StoreError

export interface CycleOptions {
  /** Stop after so many were sent. The position does not move past a page that is not done. */
  readonly limit?: number | undefined
  /** Sees every item that was sent, in order. */
  readonly onSent?: (item: Readonly<Record<string, unknown>>) => Effect.Effect<void>
  /** Called after every batch and every page. */
  readonly onProgress?: (tally: Tally) => Effect.Effect<void>
}

export interface Collector {
  /** Runs one cycle to its end. Not to be called twice at a time. */
  readonly cycle: (options?: CycleOptions) => Effect.Effect<Tally, CollectError>
  /** Assets that Sekoia has. */
  readonly known: () => number
}

export interface CollectorOptions {
  readonly source: AssetSource
  readonly api: AssetApi
  readonly connector_uuid: string
  readonly batch_size: number
  /** Sends and stores nothing. */
  readonly dry_run: boolean
}

/** Makes the collector of an inventory. Fails when its stored progress cannot be read. */
export const makeCollector = Effect.fnUntraced(function* (options: CollectorOptions) {
  const { source, api, batch_size, connector_uuid, dry_run } = options
  const file = yield* openSentIndexFile(source.name)
  const { table } = file
  const clock = yield* Clock.Clock
  const progress = yield* openProgress(source, connector_uuid, table.size === 0)
  if (progress.moved && dry_run) table.clear()
  else if (progress.moved) yield* file.clear
  const standing = newStanding()
  /** Whether this process has seen the current walk from its beginning. Only then an absent asset may be gone. */
  let listing_is_whole = false
  /** Entries of the listing that had come before in it: each stands in the place of another asset, perhaps. */
  let repeated = 0

  const beginListing = () => {
    table.beginListing()
    repeated = 0
  }

  /** Marks assets as listed; gives those that are not known. */
  const listAll = (ids: readonly string[]): readonly string[] =>
    ids.filter((id) => {
      if (table.isListed(id)) repeated++
      return !table.list(id)
    })

  const cycle = Effect.fnUntraced(function* ({ limit, onSent, onProgress }: CycleOptions = {}) {
    const tally = emptyTally()
    const sender = makeSender({
      ...{ source, api, file, standing, batch_size, dry_run, tally },
      limit: limit ?? Number.POSITIVE_INFINITY,
      onSent: onSent ?? (() => Effect.void),
      onProgress: Effect.suspend(() => onProgress?.(tally) ?? Effect.void),
    })
    yield* walk(sender, tally).pipe(
      Effect.andThen(reconcile(sender, tally)),
      Effect.catchTag("LimitReached", () => Effect.void),
      Effect.ensuring(sender.summary),
    )
    yield* Metric.update(metrics.assets_known, table.size)
    return tally
  })

  const walk = Effect.fnUntraced(function* (sender: Sender, tally: Tally) {
    const { position } = progress.value()
    if (source.walks === "everything" && position === undefined) {
      beginListing()
      listing_is_whole = true
    }
    let asked_ms = monotonicMs(clock)
    let read_since_collection = 0
    yield* source.walk(position, (page) =>
      Effect.gen(function* () {
        const took_ms = monotonicMs(clock) - asked_ms - (page.paused_ms ?? 0)
        tally.reading_ms += Math.min(Math.max(took_ms, 0), reading.page_ms_max)
        yield* sendPage(page, sender, tally)
        read_since_collection += page.entities.length
        if (read_since_collection >= reading.collect_every) {
          collectGarbage()
          read_since_collection = 0
        }
        asked_ms = monotonicMs(clock)
      }),
    )
    if (dry_run) return
    const reached = progress.value()
    yield* progress.saveCompleted(source.walks === "everything" ? { ...reached, position: undefined } : reached)
    if (source.walks === "everything" && listing_is_whole) yield* compareIds(tally)
  })

  /** Sends a page and stores its position. */
  const sendPage = Effect.fnUntraced(function* (page: AssetPage, sender: Sender, tally: Tally) {
    tally.total = page.total
    listAll(page.ids ?? [])
    if (page.doubt !== undefined) {
      tally.doubt = page.doubt
      listing_is_whole = false
    }
    const newest = yield* sender.send(page.entities)
    if (dry_run) return
    const before = progress.value()
    yield* progress.save({ ...before, position: page.position, newest: newer(before.newest, newest) })
  })

  /** Compares all ids, once in `reconcile_ms`: finds assets that are gone, and changes that the walk has missed. */
  const reconcile = Effect.fnUntraced(function* (sender: Sender, tally: Tally) {
    const { listIds, lookup } = source
    if (dry_run || listIds === undefined || lookup === undefined) return
    const now_ms = yield* Clock.currentTimeMillis
    const last_ms = progress.value().reconciled_ms
    // A time that is still to come was noted by a clock that was ahead.
    if (last_ms !== undefined && last_ms <= now_ms && now_ms < last_ms + limits.reconcile_ms) return
    beginListing()
    yield* listIds((ids) =>
      Effect.gen(function* () {
        for (const some of splitIds(listAll(ids), limits.lookup_ids_max)) yield* sender.send(yield* lookup(some))
      }),
    )
    if (yield* compareIds(tally)) yield* progress.save({ ...progress.value(), reconciled_ms: now_ms })
  })

  /**
   * Counts the assets that a whole listing lacked. False when it lacked so many, or holds so many twice, that Falcon has to say so again
   * before it is believed.
   */
  const compareIds = Effect.fnUntraced(function* (tally: Tally) {
    const [missing, known] = [table.unlisted, table.size]
    const is_doubted = missing > listing.doubted_share * known || (missing > 0 && repeated > 0)
    tally.removed = yield* file.forgetAbsent(source.absences_max + (is_doubted ? listing.doubted_again : 0))
    if (is_doubted && tally.removed === 0) {
      const how = repeated > 0 ? `, which holds ${repeated} twice` : " at once"
      tally.doubt = `${missing} of ${known} ${source.noun} are missing from Falcon's list${how}; it is asked again before that is believed`
      yield* Effect.logWarning(tally.doubt)
      return false
    }
    if (tally.removed === 0) return true
    yield* Metric.update(metrics.assets_removed, tally.removed)
    yield* Effect.logInfo(
      `${tally.removed} ${source.noun} have disappeared from Falcon; their ids are in ${source.name}.removed.ndjson`,
    )
    return true
  })

  return { cycle, known: () => table.size } satisfies Collector
})
