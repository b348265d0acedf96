/** Sends the entities that have changed, in batches, and records them in the sent index. */
import { Clock, Data, Effect, Metric } from "effect"
import type { AssetApi } from "../sekoia/asset-api.ts"
import type { SekoiaError } from "../sekoia/sekoia-error.ts"
import { metrics } from "../telemetry/metrics.ts"
import type { Tally } from "./cycle-tally.ts"
import { id_chars_max, assets as limits } from "./limits.ts"
import { type Parcel, postBisecting, type Standing } from "./post-bisecting.ts"
import { type Newest, newer } from "./progress.ts"
import { hashOf } from "./sent-index.ts"
import type { SentIndexFile } from "./sent-index-file.ts"
import type { AssetSource, Mapped } from "./source.ts"

/** Ends a cycle that has sent as many assets as it was asked for. */
class LimitReached extends Data.TaggedError("LimitReached") {}

export interface SenderOptions {
  readonly source: AssetSource
  readonly api: AssetApi
  readonly file: SentIndexFile
  /** Of the inventory, from cycle to cycle. */
  readonly standing: Standing
  readonly batch_size: number
  readonly dry_run: boolean
  /** Sent at most; then `LimitReached`. */
  readonly limit: number
  readonly tally: Tally
  readonly onSent: (item: Readonly<Record<string, unknown>>) => Effect.Effect<void>
  readonly onProgress: Effect.Effect<void>
}

export type Sender = ReturnType<typeof makeSender>

/** Makes the sender of one cycle. */
export const makeSender = ({ source, api, file, standing, tally, dry_run, ...options }: SenderOptions) => {
  const { table } = file
  let warnings = 0

  const warn = (line: string) =>
    Effect.suspend(() => (++warnings > limits.warnings_max ? Effect.void : Effect.logWarning(line)))

  const countSkipped = (reason: "unmappable" | "refused") =>
    Metric.update(Metric.withAttributes(metrics.assets_skipped, { reason }), 1)

  /** Records assets in the sent index, and marks them as listed. */
  const accept = Effect.fnUntraced(function* (parcels: readonly Pick<Parcel, "id" | "content">[]) {
    yield* file.add(parcels)
    for (const { id } of parcels) table.list(id)
  })

  /** What cannot be sent is remembered too, so that it is told of once and not in every cycle. */
  const skip = Effect.fnUntraced(function* ({ id, reason }: Extract<Mapped, { kind: "skipped" }>) {
    tally.skipped++
    const content = hashOf(`skipped: ${reason}`)
    if (id !== undefined) table.list(id)
    if (id !== undefined && table.holds(id, content)) return
    yield* countSkipped("unmappable")
    yield* warn(`one of the ${source.noun} is skipped: ${reason}${id === undefined ? "" : `, id ${id}`}`)
    if (id !== undefined && !dry_run) yield* accept([{ id, content }])
  })

  const onAccepted = Effect.fnUntraced(function* (accepted: readonly Parcel[]) {
    if (!dry_run) yield* accept(accepted)
    tally.sent += accepted.length
    if (!dry_run) yield* Metric.update(metrics.assets_sent, accepted.length)
    for (const { item } of accepted) yield* options.onSent(item)
  })

  const onRefused = Effect.fnUntraced(function* (parcel: Parcel, { message }: SekoiaError) {
    yield* accept([parcel])
    tally.refused++
    yield* countSkipped("refused")
    yield* warn(`${message}; it refuses ${parcel.id} alone, which is left out until it changes`)
  })

  const post = Effect.fnUntraced(function* (parcels: readonly Parcel[], beside: (which: number) => Parcel | undefined) {
    if (parcels.length === 0) return
    if (dry_run) yield* onAccepted(parcels)
    else yield* postBisecting(api, parcels, { standing, onAccepted, onRefused, beside })
    yield* options.onProgress
    if (tally.sent >= options.limit) return yield* new LimitReached()
  })

  /** Sends what has changed among these entities; returns the newest of them. Succeeds when nothing of them is left to send. */
  const send = Effect.fnUntraced(function* (entities: readonly unknown[]) {
    const mapped = yield* source.mapper(entities)
    const now_ms = yield* Clock.currentTimeMillis
    const unchanged_before = tally.unchanged
    let newest: Newest | undefined
    // By id: an entity that is twice in a page is sent once, in its last form.
    let batch = new Map<string, Parcel>()
    const postBatch = Effect.suspend(() => {
      const [parcels, ids] = [[...batch.values()], new Set(batch.keys())]
      batch = new Map()
      return post(parcels, (which) => parcelBeside(ids, entities, (entity) => mapSafely(mapped, entity, now_ms), which))
    })
    for (const entity of entities) {
      tally.read++
      const asset = mapSafely(mapped, entity, now_ms)
      if (asset.kind === "skipped") {
        yield* skip(asset)
        continue
      }
      const { id } = asset
      // A time in the future would stay the newest one for good.
      if (asset.created_ms !== undefined) newest = newer(newest, { id, created_ms: Math.min(asset.created_ms, now_ms) })
      const parcel = parcelOf(asset)
      table.list(id)
      if (table.holds(id, parcel.content)) {
        tally.unchanged++
        continue
      }
      batch.set(id, parcel)
      if (batch.size < Math.min(options.batch_size, options.limit - tally.sent)) continue
      yield* postBatch
    }
    yield* postBatch
    yield* Metric.update(metrics.assets_unchanged, tally.unchanged - unchanged_before)
    yield* options.onProgress
    return newest
  })

  /** Logs how many warnings were left out. */
  const summary = Effect.suspend(() =>
    warnings > limits.warnings_max
      ? Effect.logWarning(`${warnings - limits.warnings_max} more ${source.noun} were skipped or refused`)
      : Effect.void,
  )
  return { send, summary }
}

const parcelOf = ({ id, item, content }: Extract<Mapped, { kind: "asset" }>): Parcel => ({
  id,
  item,
  content: hashOf(JSON.stringify(content)),
})

/**
 * An asset of the page that is not among these ids, to probe with, whether it is known or not: the last one for 0, since a run of
 * bad assets ends sooner or later, and for other numbers others, well apart (multiples of the golden ratio).
 */
const parcelBeside = (
  ids: ReadonlySet<string>,
  entities: readonly unknown[],
  map: (entity: unknown) => Mapped,
  which: number,
): Parcel | undefined => {
  const skipped = Math.floor(((which * 0.618033988749895) % 1) * entities.length)
  for (let back = 1; back <= entities.length; back++) {
    const asset = map(entities.at(-(((skipped + back - 1) % entities.length) + 1)))
    if (asset.kind === "asset" && !ids.has(asset.id)) return parcelOf(asset)
  }
  return undefined
}

/** One entity must not stop the others, whatever it holds. */
const mapSafely = (mapped: (entity: unknown, now_ms: number) => Mapped, entity: unknown, now_ms: number): Mapped => {
  try {
    const asset = mapped(entity, now_ms)
    const length = asset.id?.length ?? 0
    return length > id_chars_max ? { kind: "skipped", id: undefined, reason: `its id has ${length} characters` } : asset
  } catch (error) {
    return { kind: "skipped", id: undefined, reason: `it cannot be mapped (${(error as Error).name})` }
  }
}
