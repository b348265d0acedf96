/**
 * One partition, from Falcon to the destination: bytes -> batches -> posts -> commit. A reader fills a batch; one batch may
 * wait behind the one being posted; when both are full the reader stops, and so does Falcon. One post at a time keeps the
 * order.
 */
import { Cause, Clock, Deferred, Effect, Exit, Fiber, type Scope } from "effect"
import { SharedBatchMemory } from "../../core/delivery/batch-memory.ts"
import { CommitWindow } from "../../core/delivery/commit-window.ts"
import { makeCommits } from "../../core/delivery/commits.ts"
import { DeadLetters } from "../../core/delivery/dead-letters.ts"
import { makeDeliverer } from "../../core/delivery/deliverer.ts"
import type { Destination } from "../../core/delivery/destination.ts"
import { DrainLimit } from "../../core/delivery/drain-limit.ts"
import { makeEarlyPosts } from "../../core/delivery/early-posts.ts"
import { type Enricher, SourceEventFinder } from "../../core/delivery/enricher.ts"
import { startEnrichmentWorkers } from "../../core/delivery/enrichment-workers.ts"
import { Handoff } from "../../core/delivery/handoff.ts"
import { delivery, enrichment_queue } from "../../core/delivery/limits.ts"
import { type Batch, boundsOf } from "../../core/delivery/lines/batch.ts"
import { BatchBuilder } from "../../core/delivery/lines/batch-builder.ts"
import type { EventTypes } from "../../core/delivery/lines/event-types.ts"
import type { OffsetWatch } from "../../core/delivery/lines/offset-watch.ts"
import type { Strange } from "../../core/delivery/lines/strange-lines.ts"
import { untilStored } from "../../core/delivery/record.ts"
import { Standing } from "../../core/delivery/standing.ts"
import { Taps } from "../../core/delivery/tap.ts"
import { monotonicMs } from "../../core/monotonic.ts"
import { Fenced } from "../../core/store/fence.ts"
import type { OpenOffsets } from "../../core/store/offsets.ts"
import { Board, PartitionActivity } from "../../core/telemetry/board.ts"
import { Health } from "../../core/telemetry/health.ts"
import { annotateSpan, spanned } from "../../core/telemetry/tracing/spanned.ts"
import { Tenant } from "../../core/tenant/identity.ts"
import type { EventStreamConfig } from "./config.ts"
import { partitionLabel } from "./feed.ts"
import { describeForeign, isForeign } from "./foreign.ts"
import { stream } from "./limits.ts"
import { partitionMeter } from "./partition-meter.ts"

export const plugin_id = "event-stream"

export interface Pipeline {
  readonly label: string
  /** Highest offset read so far, where a connection resumes; -1 for none: begin where the configuration says. */
  readonly readOffset: () => number
  /** Splits a chunk into events, beginning at `from`; tells how far it came, which is short of the end when it is full. */
  readonly feed: (chunk: Uint8Array, from: number) => number
  readonly isFull: () => boolean
  /** Waits until the open batch can be put behind the one being posted; meanwhile nobody reads, which is the backpressure. */
  readonly handOver: Effect.Effect<void>
  /** A connection begins, opened at {@link readOffset}. */
  readonly connectionBegun: () => void
  /** The body ended as bodies end: takes a last line that is whole. False until there is room for it. */
  readonly endOfBody: () => boolean
  /** What came instead of a feed, in words, as far as that can be said now; `over` when no more will come. */
  readonly foreign: (over: boolean) => string | undefined
  /** The connection is gone: the line it left unfinished will come again. */
  readonly connectionLost: () => void
  /** When the last event was read, ms since the epoch; -1 before the first. */
  readonly lastEventMs: () => number
  /** What the offsets of its events are like. */
  readonly offsets: Readonly<OffsetWatch>
  /** Shows the partition for as long as the scope lives; `part` names the health cell of its connection. */
  readonly show: (part: string) => Effect.Effect<void, never, Scope.Scope>
  /** Never ends, but dies with the defect that ended one of its fibers: nothing would deliver, or commit, what is read from then on. */
  readonly broken: Effect.Effect<never>
  /** Waits until all that has been read is delivered, however long that takes. More may be read afterwards, or when this is interrupted. */
  readonly delivered: Effect.Effect<void>
  /** Delivers all that has been read and ends its enrichment, however long that takes, and stops. */
  readonly finish: Effect.Effect<void>
  /** Delivers what has been read, for a stream that is to end, as far as that works within the {@link DrainLimit}. */
  readonly drain: Effect.Effect<void>
}

const not_drained =
  "stopped before everything that was read was delivered; the next start reads it again from the committed offset"

const not_recorded =
  "some events that are not enriched could not be dead-lettered; the next start reads them again from the committed offset"

/** What all partitions deliver with. */
export interface Delivering {
  readonly config: EventStreamConfig
  readonly destination: Destination
  readonly enrichers: readonly Enricher[]
  readonly offsets: OpenOffsets
  /** Counts the events of all partitions by type, where the destination tells its types apart. */
  readonly types: EventTypes | undefined
}

/** Starts the delivering half of a partition. Its fibers live until {@link Pipeline.drain}. */
export const startPipeline = Effect.fnUntraced(function* (root_url: string, delivering: Delivering) {
  const { config, destination, enrichers, offsets, types } = delivering
  const { id: tenant } = yield* Tenant
  const dead_letters = yield* DeadLetters
  const health = yield* Health
  const board = yield* Board
  const taps = yield* Taps
  const clock = yield* Clock.Clock
  const label = partitionLabel(root_url)
  const parts = [
    `partition ${label}, delivery`,
    `partition ${label}, enrichment`,
    `partition ${label}, commits`,
  ] as const
  const cell = yield* health.cell(plugin_id, parts[0])
  const { framing } = destination
  const bounds = boundsOf(framing, { batch_events_max: config.batch_events_max })
  const finder = enrichers.length === 0 ? undefined : new SourceEventFinder(enrichers)
  const memory = yield* SharedBatchMemory
  const buffers = yield* memory.join(tenant)
  const builder = new BatchBuilder(framing, bounds, offsets.get(root_url), finder, buffers, types)
  const handoff = new Handoff(delivery.batches_waiting_max)
  const window = new CommitWindow()
  const activity = new PartitionActivity()
  const meter = partitionMeter(label, activity, board, types)
  const standing = new Standing()
  const common = { destination, dead_letters, partition: root_url, standing }
  const deliverer = makeDeliverer({ ...common, health: cell, observer: meter, ahead: handoff })
  // A cell of its own: a store that was put off runs while the deliverer says how the destination is.
  const commit_cell = yield* health.cell(plugin_id, parts[2])
  const store = (offset: number) => untilStored(offsets.commit(root_url, offset), commit_cell).pipe(spanned("commit"))
  const commits = makeCommits(store, clock, config.batch_events_max, meter.onCommitted)
  yield* offsets.takeAlong?.(root_url, commits.passenger) ?? Effect.void
  const enrichment_cell = yield* health.cell(plugin_id, parts[1])
  const enrichment = yield* startEnrichmentWorkers({
    partition: root_url,
    label,
    framing,
    window,
    deliverer: makeDeliverer({ ...common, health: enrichment_cell, observer: meter.enriched }),
    dead_letters,
    health: enrichment_cell,
    commit: commits.now,
    activity,
  })
  const early = makeEarlyPosts({
    builder,
    handoff,
    clock,
    batch_wait_ms_max: config.batch_wait_ms_max,
    partitions: memory.partitions,
  })
  let last_event_ms = -1
  /** What was undecided at the last look; what still is at the next one is decided. */
  let looked_at: Strange | undefined

  const foreign = (over: boolean): string | undefined => {
    const first = builder.undecided
    const is_old = first === looked_at
    looked_at = first
    if (first === undefined) return undefined
    if (over) return isForeign(first) ? describeForeign(first) : undefined
    if (is_old && first.instead_of_events) return describeForeign(first)
    // What stays open without a word is no page: the lines are strange lines of a feed.
    if (is_old) builder.trust()
    early.look()
    return undefined
  }

  const endOfBody = (): boolean => {
    const done = builder.endOfBody()
    early.look()
    return done
  }

  const feed = (chunk: Uint8Array, from: number): number => {
    const now_ms = clock.currentTimeMillisUnsafe()
    const end = builder.feed(chunk, from, monotonicMs(clock))
    if (!builder.empty) last_event_ms = now_ms
    early.look()
    return end
  }

  // Taking the batch and putting it down is one step: whoever is interrupted while waiting leaves it in the builder.
  const handOver = Effect.gen(function* () {
    while (!handoff.hasSpace) yield* handoff.untilSpace
    if (!builder.empty) early.put()
  })

  const deliverAndCommit = Effect.fnUntraced(function* (batch: Batch) {
    const waits_for_nothing = window.events === 0
    const range = window.open(batch.last_offset, batch.count + batch.rejects.length)
    enrichment.hold(batch.source_events, range)
    yield* meter.onBatch(batch, builder.counts)
    activity.posting_created_ms = batch.created_ms
    if (taps.any()) taps.offer(batch)
    yield* deliverer.deliver(batch)
    yield* enrichment.begin(batch.source_events, range)
    const offset = window.release(range)
    // What an enrichment has held back for long is not put off any longer.
    const is_last = waits_for_nothing && window.events === 0
    const commit = is_last ? commits.soon(offset, range.events) : commits.now(offset)
    if (offset >= 0) {
      yield* annotateSpan(() => ({ "akonis.offset_to_commit": offset }))
      yield* commit
    }
    yield* meter.onDelivered(batch.created_ms, clock.currentTimeMillisUnsafe())
    builder.recycle(batch)
  })

  /** From the first event that was read into the batch to its commit, or until that is put off, in one span. */
  const deliver = (batch: Batch) =>
    deliverAndCommit(batch).pipe(
      spanned("batch", () => ({
        is_root: true,
        kind: "consumer",
        age_ms: monotonicMs(clock) - batch.opened_ms,
        attributes: { "akonis.partition": label, ...batchAttributes(batch) },
      })),
    )

  const sender = yield* Effect.forkDetach(handoff.drainTo(deliver, early.look))
  const lingerer = yield* Effect.forkDetach(early.linger)
  const committer = yield* Effect.forkDetach(commits.run)

  const deliverAll = Effect.gen(function* () {
    yield* Fiber.interrupt(lingerer)
    builder.dropPartialLine()
    yield* handOver
    handoff.end()
    yield* Fiber.await(sender)
    yield* commits.flush
  })

  const delivered = Effect.gen(function* () {
    builder.dropPartialLine()
    yield* handOver
    while (!handoff.isIdle) yield* Effect.sleep(stream.delivered_look_ms)
  })

  // In a fiber of its own: the one that drains has been interrupted, and could not be timed out any more.
  const drain = Effect.gen(function* () {
    const { over } = yield* DrainLimit
    const all = Effect.as(deliverAll, true).pipe(Effect.catchDefect((defect) => Effect.as(tellDefect(defect), false)))
    const is_delivered = yield* Effect.raceFirst(all, Effect.as(over, false))
    if (!is_delivered) yield* Effect.logWarning(not_drained)
    yield* Fiber.interrupt(sender)
    // A disk that takes nothing must not keep the process: what is not dead-lettered is not committed either.
    const { drain_ms_max, record_ms_max } = enrichment_queue
    // Who lost the unit follows no detection any more: the other process does, from the committed offset.
    const fence = yield* Fenced
    const lost = fence === undefined ? Effect.never : Deferred.await(fence.lost)
    const closed = yield* Effect.raceFirst(enrichment.close, lost).pipe(
      Effect.timeoutOption(drain_ms_max + record_ms_max),
    )
    yield* Fiber.interrupt(committer)
    if (closed._tag === "None") yield* Effect.logWarning(not_recorded)
  }).pipe(Effect.forkDetach, Effect.flatMap(Fiber.join))

  return {
    label,
    readOffset: () => builder.read_offset,
    feed,
    isFull: () => builder.full,
    handOver,
    connectionBegun: () => builder.begin(),
    endOfBody,
    foreign,
    connectionLost: () => builder.dropPartialLine(),
    lastEventMs: () => last_event_ms,
    offsets: builder.offset_watch,
    show: (part) =>
      board.partition({
        plugin: plugin_id,
        label,
        parts: { connection: part, delivery: parts },
        activity,
        look: () => ({
          read_offset: builder.read_offset,
          committed_offset: offsets.get(root_url),
          last_event_ms,
          enrichment_open: enrichment.open(),
        }),
      }),
    delivered,
    finish: Effect.andThen(deliverAll, enrichment.close),
    broken: Effect.andThen(Effect.all([sender, lingerer, committer].map(defectOf), together), Effect.never),
    drain,
  } satisfies Pipeline
})

const together = { concurrency: "unbounded", discard: true } as const

/** Never ends, but dies with what a fiber died of. */
const defectOf = <A>(fiber: Fiber.Fiber<A>): Effect.Effect<never> =>
  Effect.flatMap(Fiber.await(fiber), (exit) =>
    Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause) ? Effect.failCause(exit.cause) : Effect.never,
  )

const tellDefect = (defect: unknown): Effect.Effect<void> =>
  Effect.logError(`a partition that ends met an unexpected error, please report it: ${Cause.pretty(Cause.die(defect))}`)

const batchAttributes = ({ count, rejects, bytes_in, last_offset }: Batch) => ({
  "akonis.events": count,
  "akonis.dead_letters": rejects.length,
  "akonis.bytes": bytes_in,
  "akonis.last_offset": last_offset,
})
