/**
 * What a tenant's work is like right now, for the dashboard. The loops that do the work count here, in plain numbers; nothing is
 * computed until somebody looks.
 */
import { Clock, Context, Effect, Layer, type Scope } from "effect"
import type { Destination } from "../delivery/destination.ts"
import { monotonicMs } from "../monotonic.ts"
import { Rate, Times } from "./recent.ts"

/** A partition as it is when somebody looks. */
interface PartitionNow {
  /** Highest offset read, and highest one stored; -1 for none. */
  readonly read_offset: number
  readonly committed_offset: number
  /** When the last event was read, ms since the epoch; -1 before the first. */
  readonly last_event_ms: number
  /** Source events whose enriched events are not delivered yet. */
  readonly enrichment_open: number
}

/** What one partition has done since its reading began. */
export class PartitionActivity {
  events_in = 0
  events_out = 0
  dead_letters = 0
  enriched = 0
  not_enriched = 0
  readonly rate = new Rate()
  /** `eventCreationTime` of the newest event that is being posted, ms since the epoch; -1 for none. */
  posting_created_ms = -1
  /** How old the newest event of the last delivered batch was then; -1 before the first. */
  delivered_lag_ms = -1

  endedEnrichment(outcome: "enriched" | "dead_lettered", count: number): void {
    if (outcome === "enriched") this.enriched += count
    else this.not_enriched += count
  }

  /** Age of the newest event that is being delivered, or was delivered last, in milliseconds; -1 when unknown. */
  lagMs(now_ms: number): number {
    return this.posting_created_ms < 0 ? this.delivered_lag_ms : Math.max(0, now_ms - this.posting_created_ms)
  }
}

export interface BoardPartition {
  readonly plugin: string
  readonly label: string
  /** Names of its cells in health: of its connection, and of what it delivers. */
  readonly parts: { readonly connection: string; readonly delivery: readonly string[] }
  readonly activity: PartitionActivity
  readonly look: () => PartitionNow
}

export class Board extends Context.Service<
  Board,
  {
    /** Shows a partition for as long as the scope lives. */
    readonly partition: (partition: BoardPartition) => Effect.Effect<void, never, Scope.Scope>
    readonly partitions: () => readonly BoardPartition[]
    /** Names where events go, for as long as the scope lives; `undefined` while nothing delivers. */
    readonly delivers: (destination: Destination) => Effect.Effect<void, never, Scope.Scope>
    readonly destination: () => Destination | undefined
    /** Posts to the destination: how long those took that were taken, and why others failed. */
    readonly posted: (duration_ms: number) => void
    readonly failed: (reason: string) => void
    readonly posts: () => Posts
    readonly now_ms: () => number
  }
>()("akonis/core/Board") {
  static readonly layer: Layer.Layer<Board> = Layer.effect(
    Board,
    Effect.suspend(() => make),
  )
}

export interface Posts {
  /** Posts taken per second, over ten seconds. */
  readonly per_second: number
  /** Of the last minute; `null` when there was none. */
  readonly p50_ms: number | null
  readonly p95_ms: number | null
  /** Posts that failed and were tried again since the start, by reason. */
  readonly failed: Readonly<Record<string, number>>
}

const make = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const now_ms = () => monotonicMs(clock)
  const partitions = new Set<BoardPartition>()
  const rate = new Rate()
  const times = new Times()
  const failed = new Map<string, number>()
  let destination: Destination | undefined
  return Board.of({
    partition: (partition) =>
      Effect.acquireRelease(
        Effect.sync(() => partitions.add(partition)),
        () => Effect.sync(() => partitions.delete(partition)),
      ),
    partitions: () => [...partitions].toSorted((a, b) => (a.label < b.label ? -1 : 1)),
    delivers: (to) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          destination = to
        }),
        () =>
          Effect.sync(() => {
            destination = undefined
          }),
      ),
    destination: () => destination,
    posted: (duration_ms) => {
      rate.add(1, now_ms())
      times.add(duration_ms, now_ms())
    },
    failed: (reason) => void failed.set(reason, (failed.get(reason) ?? 0) + 1),
    posts: () => {
      const [p50_ms, p95_ms] = times.quantiles([0.5, 0.95], now_ms()) as [number | null, number | null]
      return { per_second: rate.perSecond(now_ms()), p50_ms, p95_ms, failed: Object.fromEntries(failed) }
    },
    now_ms,
  })
})
