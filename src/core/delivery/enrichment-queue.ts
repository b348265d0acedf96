/**
 * What is under way for the followed events of one partition. It runs beside delivery and posts by itself, so that raw events
 * never wait for it; each open follow-up holds the offset range of its event, so that a crash makes it begin again.
 *
 * At most `events_behind_max` events stay uncommitted because of a follow-up: beyond that, the oldest are given up on record.
 */
import { Effect, Latch, Metric, Semaphore } from "effect"
import { following } from "../limits.ts"
import type { HealthCell } from "../telemetry/health.ts"
import { metrics } from "../telemetry/metrics.ts"
import type { CommitWindow, OffsetRange } from "./commit-window.ts"
import type { DeadLetters } from "./dead-letters.ts"
import type { Deliverer } from "./deliverer.ts"
import { GivenUp, type SourceEvent } from "./enricher.ts"
import type { Reject } from "./lines/batch.ts"
import { batchesOf } from "./lines/batches-of.ts"
import type { Framing } from "./lines/framing.ts"
import { untilStored } from "./record.ts"

export interface EnrichmentQueueOptions {
  /** Root URL of the stream. */
  readonly partition: string
  /** As metrics name it. */
  readonly label: string
  readonly window: CommitWindow
  /** Of the deliverer's destination. */
  readonly framing: Framing
  /** Delivers what follows; one of its own, so that raw events do not wait for it. */
  readonly deliverer: Deliverer
  readonly dead_letters: DeadLetters["Service"]
  readonly health: HealthCell
  /** Stores how far everything is complete. */
  readonly commit: (offset: number) => Effect.Effect<void>
}

interface EnrichmentQueue {
  /** Before a batch is posted: keeps its range open for everything that will follow it. */
  readonly hold: (source_events: readonly SourceEvent[], range: OffsetRange) => void
  /**
   * After the intake has taken the batch: begins. Never waits for what it begins. Makes room by giving up the oldest, whose
   * offsets are free for the next commit.
   */
  readonly begin: (source_events: readonly SourceEvent[], range: OffsetRange) => Effect.Effect<void>
  /** Gives what is under way a last moment, then gives it up on record, however long the disk takes for it. */
  readonly close: Effect.Effect<void>
}

/** A class and not an object spread of {@link SourceEvent}: a storm makes thousands of them a second. */
class OpenEnrichment {
  /** Opened when nobody waits for it any more; made when it starts, since most of a storm never do. */
  given_up: Latch.Latch | undefined
  readonly source: SourceEvent
  readonly range: OffsetRange

  constructor(source: SourceEvent, range: OffsetRange) {
    this.source = source
    this.range = range
  }
}

const too_much_behind = `more than ${following.events_behind_max} newer events wait for it to be committed`
const stopped = "the process stopped, or Falcon no longer listed its partition, before it was done"

/** Its fibers live in the scope where it is made. */
export const makeEnrichmentQueue = Effect.fnUntraced(function* (options: EnrichmentQueueOptions) {
  const { window, deliverer } = options
  const open = new Set<OpenEnrichment>()
  /** Not started, in order; all of them are open. */
  let waiting: OpenEnrichment[] = []
  const work = yield* Latch.make(false)
  const idle = yield* Latch.make(true)
  const one_post = yield* Semaphore.make(1)
  const settled = yield* Latch.make(true)
  /** Those that are claimed and not yet recorded and committed: not open any more, and still holding their ranges. */
  let ending = 0
  const label = { partition: options.label }
  const ended = (outcome: string, count: number) =>
    Metric.update(Metric.withAttributes(metrics.follow_ups, { ...label, outcome }), count)
  const open_gauge = Metric.withAttributes(metrics.follow_ups_open, label)
  const open_now = Effect.suspend(() => Metric.update(open_gauge, open.size))

  /** Of all that may end a follow-up, whoever claims it first does. */
  const claim = (one: OpenEnrichment): boolean => {
    const is_mine = open.delete(one)
    if (is_mine) ending++
    return is_mine
  }

  /** Frees their offsets; which one may be stored now, -1 for none. */
  const release = Effect.fnUntraced(function* (ones: readonly OpenEnrichment[]) {
    let offset = -1
    for (const { range } of ones) offset = window.release(range)
    settled.openUnsafe()
    yield* open_now
    return offset
  })

  const over = (ones: readonly OpenEnrichment[]) => {
    ending -= ones.length
    settled.openUnsafe()
    if (open.size + ending === 0) idle.openUnsafe()
  }

  const settle = Effect.fnUntraced(function* (ones: readonly OpenEnrichment[]) {
    const offset = yield* release(ones)
    if (offset >= 0) yield* options.commit(offset)
    over(ones)
  })

  /** Gives up those that are still open, on record; gives them back. */
  const record = Effect.fnUntraced(function* (ones: readonly OpenEnrichment[], why: string) {
    const mine = ones.filter(claim)
    if (mine.length === 0) return mine
    waiting = waiting.filter((one) => open.has(one))
    for (const { given_up } of mine) given_up?.openUnsafe()
    const rejects = mine.map((one) => notFollowed(one, why))
    yield* untilStored(options.dead_letters.add(options.partition, rejects), options.health)
    const what = mine.length === 1 ? "what follows an event is" : `what follows ${mine.length} events is`
    yield* Effect.logWarning(`${what} given up: ${why}; akonis dead-letters replay tries again`)
    yield* ended("given_up", mine.length)
    return mine
  })

  const giveUp = Effect.fnUntraced(function* (ones: readonly OpenEnrichment[], why: string) {
    const mine = yield* record(ones, why)
    if (mine.length > 0) yield* settle(mine)
  })

  const post = (events: readonly string[]) =>
    one_post.withPermit(Effect.forEach(batchesOf(events, options.framing), deliverer.deliver, { discard: true }))

  const done = Effect.fnUntraced(function* (one: OpenEnrichment) {
    if (!claim(one)) return
    yield* ended("done", 1)
    yield* settle([one])
  })

  const followUp = (one: OpenEnrichment) => {
    const { enricher, ref, broken } = one.source
    const given_up = Latch.makeUnsafe(false)
    one.given_up = given_up
    return Effect.suspend(() => (broken === undefined ? enricher.enrich(ref) : new GivenUp({ message: broken }))).pipe(
      Effect.flatMap(post),
      Effect.raceFirst(given_up.await),
      Effect.flatMap(() => done(one)),
      Effect.catchTag("GivenUp", ({ message }) => giveUp([one], message)),
      Effect.catchDefect((defect) => giveUp([one], `unexpected error, please report it: ${defect}`)),
    )
  }

  const worker = Effect.gen(function* () {
    for (;;) {
      const one = waiting.shift()
      if (one !== undefined) yield* followUp(one)
      else {
        work.closeUnsafe()
        yield* work.await
      }
    }
  })
  yield* Effect.forEach(Array.from({ length: following.concurrency_max }), () => Effect.forkScoped(worker))

  /** Follow-ups stand in the order of their ranges. */
  const oldestOf = (ranges: ReadonlySet<OffsetRange>): readonly OpenEnrichment[] => {
    const oldest: OpenEnrichment[] = []
    for (const one of open) {
      if (!ranges.has(one.range)) break
      oldest.push(one)
    }
    return oldest
  }

  const begin = Effect.fnUntraced(function* (source_events: readonly SourceEvent[], range: OffsetRange) {
    for (const one of source_events) {
      const follow_up = new OpenEnrichment(one, range)
      open.add(follow_up)
      waiting.push(follow_up)
    }
    if (source_events.length > 0) {
      idle.closeUnsafe()
      work.openUnsafe()
      yield* open_now
    }
    if (window.events <= following.events_behind_max) return
    // Not stored here: the batch that comes with them is.
    const given_up = yield* record(oldestOf(window.beyond(following.events_behind_max)), too_much_behind)
    yield* release(given_up)
    over(given_up)
    // The bound holds on a full disk, too: what somebody else gives up has to be recorded first.
    while (ending > 0 && window.events > following.events_behind_max) {
      settled.closeUnsafe()
      yield* settled.await
    }
  })

  const close = Effect.gen(function* () {
    waiting = []
    yield* Effect.timeoutOption(idle.await, following.drain_ms_max)
    yield* giveUp([...open], stopped)
  })

  const hold = (source_events: readonly SourceEvent[], range: OffsetRange) => {
    for (const _ of source_events) range.hold()
  }

  return { hold, begin, close } satisfies EnrichmentQueue
})

/** Names an enricher for the replay, unless it could not make anything of the event: then `raw` is the event itself. */
const notFollowed = ({ source }: OpenEnrichment, why: string): Reject => {
  const { enricher, ref, offset, broken } = source
  const raw = encoder.encode(ref)
  const plugin_id = broken === undefined ? enricher.plugin_id : undefined
  return { reason: "not_followed", detail: why, offset, raw, bytes: raw.length, follower: plugin_id }
}

const encoder = new TextEncoder()
