/**
 * Runs the enrichers for the source events of one partition, beside delivery: raw events never wait for it, and what it finds is
 * posted by itself. At most `events_behind_max` events stay uncommitted because of an enrichment that is not over: beyond that, the
 * oldest are dead-lettered.
 */
import { Effect, Metric, Semaphore } from "effect"
import { Conditions } from "../conditions.ts"
import type { PartitionActivity } from "../telemetry/board.ts"
import type { HealthCell } from "../telemetry/health.ts"
import { metrics } from "../telemetry/metrics.ts"
import type { CommitWindow, OffsetRange } from "./commit-window.ts"
import type { DeadLetters } from "./dead-letters.ts"
import type { Deliverer } from "./deliverer.ts"
import { type Enricher, NotEnriched, type SourceEvent } from "./enricher.ts"
import { type Enrichment, EnrichmentQueue } from "./enrichment-queue.ts"
import { enrichment_queue as limits } from "./limits.ts"
import type { Reject } from "./lines/batch.ts"
import { batchesOf } from "./lines/batches-of.ts"
import type { Framing } from "./lines/framing.ts"
import { untilStored } from "./record.ts"

export interface EnrichmentOptions {
  /** Root URL of the stream. */
  readonly partition: string
  /** The partition as metrics name it. */
  readonly label: string
  readonly window: CommitWindow
  /** Of the deliverer's destination. */
  readonly framing: Framing
  /** Delivers enriched events; not the one for raw events, so that they do not wait for it. */
  readonly deliverer: Deliverer
  readonly dead_letters: DeadLetters["Service"]
  readonly health: HealthCell
  /** Stores how far everything is complete. */
  readonly commit: (offset: number) => Effect.Effect<void>
  /** Counts how source events ended. */
  readonly activity?: PartitionActivity
}

interface EnrichmentWorkers {
  /** Before a batch is posted: holds its range once for each of its source events. */
  readonly hold: (source_events: readonly SourceEvent[], range: OffsetRange) => void
  /**
   * After the destination has taken the batch: lets its enrichment begin, and does not wait for it. Where too many events are
   * uncommitted it dead-letters the oldest source events, whose offsets are free for the next commit.
   */
  readonly begin: (source_events: readonly SourceEvent[], range: OffsetRange) => Effect.Effect<void>
  /** Gives those that run a last moment, then dead-letters all that are open, however long the disk takes for it. */
  readonly close: Effect.Effect<void>
  /** Source events whose enrichment nobody has begun to end. */
  readonly open: () => number
}

const too_much_behind = `more than ${limits.events_behind_max} newer events wait for it to be committed`
const stopped = "the process stopped, or Falcon no longer listed its partition, before it was done"

/** The workers live in the scope where they are started. */
export const startEnrichmentWorkers = Effect.fnUntraced(function* (options: EnrichmentOptions) {
  const { deliverer } = options
  const queue = new EnrichmentQueue(options.window, limits.events_behind_max)
  const conditions = new Conditions()
  const one_post = yield* Semaphore.make(1)
  const label = { partition: options.label }
  const countEnded = (outcome: "enriched" | "dead_lettered", count: number) =>
    Effect.suspend(() => {
      options.activity?.endedEnrichment(outcome, count)
      return Metric.update(Metric.withAttributes(metrics.source_events, { ...label, outcome }), count)
    })
  const open_gauge = Metric.withAttributes(metrics.source_events_open, label)
  const countOpen = Effect.suspend(() => Metric.update(open_gauge, queue.open))

  /** Dead-letters those that nobody else ends; gives them, still holding their ranges. */
  const deadLetter = Effect.fnUntraced(function* (enrichments: readonly Enrichment[], why: string) {
    const mine = queue.beginEnd(enrichments)
    conditions.changed()
    if (mine.length === 0) return mine
    const rejects = mine.map((one) => rejectOf(one.source, why))
    yield* untilStored(options.dead_letters.add(options.partition, rejects), options.health)
    const what = mine.length === 1 ? "an event is not enriched" : `${mine.length} events are not enriched`
    yield* Effect.logWarning(`${what}: ${why}; akonis dead-letters replay tries again`)
    yield* countEnded("dead_lettered", mine.length)
    return mine
  })

  /** Frees their ranges and forgets them; `commit` learns which offset that makes free. */
  const free = Effect.fnUntraced(function* (
    mine: readonly Enrichment[],
    commit: (offset: number) => Effect.Effect<void>,
  ) {
    if (mine.length === 0) return
    const offset = queue.release(mine)
    conditions.changed()
    yield* countOpen
    if (offset >= 0) yield* commit(offset)
    queue.remove(mine)
    conditions.changed()
  })

  const giveUp = Effect.fnUntraced(function* (enrichments: readonly Enrichment[], why: string) {
    yield* free(yield* deadLetter(enrichments, why), options.commit)
  })

  const complete = Effect.fnUntraced(function* (one: Enrichment) {
    const mine = queue.beginEnd([one])
    if (mine.length > 0) yield* countEnded("enriched", 1)
    yield* free(mine, options.commit)
  })

  const post = (events: readonly string[]) =>
    one_post.withPermit(Effect.forEach(batchesOf(events, options.framing), deliverer.deliver, { discard: true }))

  const enrich = (one: Enrichment) =>
    askEnricher(one.source).pipe(
      Effect.flatMap(post),
      Effect.raceFirst(conditions.until(() => one.stage === "ending")),
      Effect.flatMap(() => complete(one)),
      Effect.catchTag("NotEnriched", ({ message }) => giveUp([one], message)),
      Effect.catchDefect((defect) => giveUp([one], `unexpected error, please report it: ${defect}`)),
    )

  const worker = Effect.fnUntraced(function* (enricher: Enricher) {
    for (;;) {
      yield* conditions.until(() => queue.hasWork(enricher))
      const one = queue.start(enricher)
      if (one !== undefined) yield* enrich(one)
    }
  })
  const scope = yield* Effect.scope
  const employed = new Set<Enricher>()

  /** Each enricher has workers of its own: one that hangs does not keep the others from theirs. */
  const employ = Effect.fnUntraced(function* (enricher: Enricher) {
    employed.add(enricher)
    for (let count = 0; count < limits.concurrency_max; count++) yield* Effect.forkIn(worker(enricher), scope)
  })

  const begin = Effect.fnUntraced(function* (source_events: readonly SourceEvent[], range: OffsetRange) {
    if (source_events.length > 0) {
      for (const { enricher } of source_events) if (!employed.has(enricher)) yield* employ(enricher)
      queue.add(source_events, range)
      conditions.changed()
      yield* countOpen
    }
    const overdue = queue.overdue()
    // Not committed here: the batch that comes with them is, and with it what they free.
    if (overdue.length > 0) yield* free(yield* deadLetter(overdue, too_much_behind), () => Effect.void)
    // The bound holds on a full disk, too: what others are ending has to be recorded first.
    if (queue.isCongested) yield* conditions.until(() => !queue.isCongested)
  })

  const close = Effect.gen(function* () {
    queue.close()
    yield* Effect.timeoutOption(
      conditions.until(() => queue.isQuiet),
      limits.drain_ms_max,
    )
    yield* giveUp(queue.stillOpen(), stopped)
  })

  const hold = (source_events: readonly SourceEvent[], range: OffsetRange) => {
    for (const _ of source_events) range.hold()
  }

  return { hold, begin, close, open: () => queue.open } satisfies EnrichmentWorkers
})

const askEnricher = ({ enricher, ref, broken }: SourceEvent): Effect.Effect<readonly string[], NotEnriched> =>
  Effect.suspend(() =>
    broken === undefined ? enricher.enrich(ref) : Effect.fail(new NotEnriched({ message: broken })),
  )

/** Names the enricher that a replay has to ask, unless it could not read the event: then `raw` is the whole event. */
const rejectOf = ({ enricher, ref, offset, broken }: SourceEvent, detail: string): Reject => {
  const raw = encoder.encode(ref)
  const plugin_id = broken === undefined ? enricher.plugin_id : undefined
  return { reason: "not_enriched", detail, offset, raw, bytes: raw.length, enricher: plugin_id }
}

const encoder = new TextEncoder()
