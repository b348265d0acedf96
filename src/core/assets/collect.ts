/**
 * One cycle of an inventory: read, map, leave out what Sekoia already has, send, remember. Whatever ends a cycle early, the next
 * one goes on where everything before was accepted: positions are stored page by page, accepted assets batch by batch.
 */
import { Clock, Data, Effect, Metric } from "effect"
import type { ConfigError, StoreError } from "../errors.ts"
import type { FalconError } from "../falcon/errors.ts"
import { assets as limits } from "../limits.ts"
import type { AssetApi, AssetApiError } from "../sekoia/asset-api.ts"
import { metrics } from "../telemetry/metrics.ts"
import { deliver, type Parcel } from "./deliver.ts"
import { hashOf } from "./known.ts"
import { openKnownFile } from "./known-file.ts"
import { type Newest, openProgress } from "./progress.ts"
import type { AssetPage, AssetSource, Mapped } from "./source.ts"

export type CollectError = FalconError | AssetApiError | ConfigError | StoreError

/** What a cycle did. */
export interface Tally {
  /** Entities read. */
  read: number
  /** Accepted by Sekoia; in a dry run: would be sent. */
  sent: number
  unchanged: number
  /** Could not be mapped. */
  skipped: number
  /** Refused by Sekoia, each for itself. */
  refused: number
  /** Disappeared from Falcon. */
  removed: number
  /** How many entities the walk has, when Falcon says so. */
  total: number | undefined
}

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
  readonly dry_run?: boolean
}

/** Ends a cycle that has sent as much as it was asked to. */
class LimitReached extends Data.TaggedError("LimitReached") {}

export const makeCollector = Effect.fnUntraced(function* (options: CollectorOptions) {
  const { source, api, batch_size, dry_run = false } = options
  const file = yield* openKnownFile(source.name)
  const { table } = file
  const progress = yield* openProgress(source, options.connector_uuid, table.size === 0)
  if (progress.moved && dry_run) table.clear()
  else if (progress.moved) yield* file.clear
  /** Has this process seen the current walk from its beginning? Only then absence means something. */
  let listing_is_whole = false

  const cycle = Effect.fnUntraced(function* (run: CycleOptions = {}) {
    const tally: Tally = { read: 0, sent: 0, unchanged: 0, skipped: 0, refused: 0, removed: 0, total: undefined }
    const sender = makeSender(run, tally)
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
      table.beginListing()
      listing_is_whole = true
    }
    yield* source.walk(position, (page) => take(page, sender, tally))
    if (dry_run) return
    const { newest, ...rest } = progress.value()
    yield* progress.finish({ ...rest, newest, ...(source.walks === "everything" && { position: undefined }) })
    if (source.walks === "everything" && listing_is_whole) yield* settle(tally)
  })

  /** Sends a page and stores its position. */
  const take = Effect.fnUntraced(function* (page: AssetPage, sender: Sender, tally: Tally) {
    tally.total = page.total
    const newest = yield* sender.send(page.entities)
    if (dry_run) return
    const { reconciled_ms } = progress.value()
    yield* progress.save({ position: page.position, newest: newer(progress.value().newest, newest), reconciled_ms })
  })

  /** Compares all ids from time to time: finds what is gone, and what the look at changes has missed. */
  const reconcile = Effect.fnUntraced(function* (sender: Sender, tally: Tally) {
    const { listIds, lookup } = source
    if (dry_run || listIds === undefined || lookup === undefined) return
    const now_ms = yield* Clock.currentTimeMillis
    const last_ms = progress.value().reconciled_ms
    if (last_ms !== undefined && now_ms < last_ms + limits.reconcile_ms) return
    table.beginListing()
    yield* listIds((ids) =>
      Effect.gen(function* () {
        const unknown = ids.filter((id) => !table.list(id))
        for (let at = 0; at < unknown.length; at += limits.lookup_ids_max) {
          yield* sender.send(yield* lookup(unknown.slice(at, at + limits.lookup_ids_max)))
        }
      }),
    )
    yield* settle(tally)
    yield* progress.save({ ...progress.value(), reconciled_ms: now_ms })
  })

  const settle = Effect.fnUntraced(function* (tally: Tally) {
    tally.removed = yield* file.settle(source.absences_max)
    if (tally.removed === 0) return
    yield* Metric.update(metrics.assets_removed, tally.removed)
    yield* Effect.logInfo(
      `${tally.removed} ${source.noun} have disappeared from Falcon; their ids are in ${source.name}.removed.ndjson`,
    )
  })

  type Sender = ReturnType<typeof makeSender>

  /** Sends what has changed, in batches, and keeps count. */
  const makeSender = (run: CycleOptions, tally: Tally) => {
    const limit = run.limit ?? Number.POSITIVE_INFINITY
    const notify = Effect.suspend(() => run.onProgress?.(tally) ?? Effect.void)
    let warnings = 0

    const warn = (line: string) =>
      Effect.suspend(() => (++warnings > limits.warnings_max ? Effect.void : Effect.logWarning(line)))

    /** What cannot be sent is remembered too, so that it is told of once and not in every cycle. */
    const skip = Effect.fnUntraced(function* ({ id, reason }: Extract<Mapped, { kind: "skipped" }>) {
      tally.skipped++
      const content = hashOf(`skipped: ${reason}`)
      if (id !== undefined) table.list(id)
      if (id !== undefined && table.holds(id, content)) return
      yield* Metric.update(Metric.withAttributes(metrics.assets_skipped, { reason: "unmappable" }), 1)
      yield* warn(`one of the ${source.noun} is skipped: ${reason}${id === undefined ? "" : `, id ${id}`}`)
      if (id !== undefined && !dry_run) yield* accept([{ id, item: {}, content }])
    })

    /** Remembers, and counts as listed. */
    const accept = Effect.fnUntraced(function* (parcels: readonly Parcel[]) {
      yield* file.add(parcels)
      for (const { id } of parcels) table.list(id)
    })

    const post = Effect.fnUntraced(function* (parcels: readonly Parcel[]) {
      if (parcels.length === 0) return
      const onAccepted = Effect.fnUntraced(function* (accepted: readonly Parcel[]) {
        if (!dry_run) yield* accept(accepted)
        tally.sent += accepted.length
        if (!dry_run) yield* Metric.update(metrics.assets_sent, accepted.length)
        for (const { item } of accepted) yield* run.onSent?.(item) ?? Effect.void
      })
      const onRefused = Effect.fnUntraced(function* (parcel: Parcel, { message }: AssetApiError) {
        yield* accept([parcel])
        tally.refused++
        yield* Metric.update(Metric.withAttributes(metrics.assets_skipped, { reason: "refused" }), 1)
        yield* warn(`${message}; it refuses ${parcel.id} alone, which is left out until it changes`)
      })
      if (dry_run) yield* onAccepted(parcels)
      else yield* deliver(api, parcels, { onAccepted, onRefused })
      yield* notify
      if (tally.sent >= limit) return yield* new LimitReached()
    })

    const send = Effect.fnUntraced(function* (entities: readonly unknown[]) {
      const mapped = yield* source.mapper(entities)
      const now_ms = yield* Clock.currentTimeMillis
      let newest: Newest | undefined
      let unchanged = 0
      let batch: Parcel[] = []
      for (const entity of entities) {
        tally.read++
        const asset = mapSafely(mapped, entity, now_ms)
        if (asset.kind === "skipped") {
          yield* skip(asset)
          continue
        }
        const { id, item, created_ms } = asset
        if (created_ms !== undefined) newest = newer(newest, { id, created_ms })
        const content = hashOf(JSON.stringify(asset.content))
        table.list(id)
        if (table.holds(id, content)) {
          unchanged++
          tally.unchanged++
          continue
        }
        batch.push({ id, item, content })
        if (batch.length < Math.min(batch_size, limit - tally.sent)) continue
        yield* post(batch)
        batch = []
      }
      yield* post(batch)
      yield* Metric.update(metrics.assets_unchanged, unchanged)
      yield* notify
      return newest
    })

    const summary = Effect.suspend(() =>
      warnings > limits.warnings_max
        ? Effect.logWarning(`${warnings - limits.warnings_max} more ${source.noun} were skipped or refused`)
        : Effect.void,
    )
    return { send, summary }
  }

  return { cycle, known: () => table.size } satisfies Collector
})

/** One entity must not stop the others, whatever it holds. */
const mapSafely = (mapped: (entity: unknown, now_ms: number) => Mapped, entity: unknown, now_ms: number): Mapped => {
  try {
    return mapped(entity, now_ms)
  } catch (error) {
    return { kind: "skipped", id: undefined, reason: `it cannot be mapped (${(error as Error).name})` }
  }
}

const newer = (one: Newest | undefined, other: Newest | undefined): Newest | undefined => {
  if (one === undefined || other === undefined) return one ?? other
  return other.created_ms >= one.created_ms ? other : one
}
