/** What one partition counts: metrics, and what the dashboard shows of it. */
import { Effect, Metric } from "effect"
import type { DelivererObserver } from "../../core/delivery/deliverer.ts"
import type { Batch } from "../../core/delivery/lines/batch.ts"
import type { BatchBuilder } from "../../core/delivery/lines/batch-builder.ts"
import type { EventTypes } from "../../core/delivery/lines/event-types.ts"
import type { Board, PartitionActivity } from "../../core/telemetry/board.ts"
import { metrics } from "../../core/telemetry/metrics.ts"
import { countNotRouted } from "./not-routed.ts"

/** Makes the observer of one partition's delivery; `enriched` is that of the events around its own. */
export const partitionMeter = (
  partition: string,
  activity: PartitionActivity,
  board: Board["Service"],
  types: EventTypes | undefined,
) => {
  const of = <Input, State>(metric: Metric.Metric<Input, State>, more: Record<string, string> = {}) =>
    Metric.withAttributes(metric, { partition, ...more })
  const m = {
    events_in: of(metrics.events_in),
    bytes_in: of(metrics.bytes_in),
    events_out: of(metrics.events_out),
    bytes_out: of(metrics.bytes_out),
    repeated: of(metrics.repeated),
    late: of(metrics.late),
    lag: of(metrics.lag),
    committed_offset: of(metrics.committed_offset),
    batch_events: of(metrics.batch_events),
    intake_seconds: of(metrics.intake_seconds),
    unacknowledged: of(metrics.unacknowledged),
  }
  const counted = { repeated: 0, late: 0 }
  const observer: DelivererObserver = {
    onPosted: (events, bytes, duration_ms) => {
      activity.events_out += events
      activity.rate.add(events, board.now_ms())
      board.posted(duration_ms)
      return Effect.all([
        Metric.update(m.events_out, events),
        Metric.update(m.bytes_out, bytes),
        Metric.update(m.batch_events, events),
        Metric.update(m.intake_seconds, duration_ms / 1_000),
      ])
    },
    onUnacknowledged: (events) => Metric.update(m.unacknowledged, events),
    onRetry: (reason) => {
      board.failed(reason)
      return Metric.update(of(metrics.intake_retries, { reason }), 1)
    },
    onDeadLetter: (reason, count) => {
      activity.dead_letters += count
      return Metric.update(of(metrics.dead_letters, { reason }), count)
    },
  }
  /** For enriched events, which are no events of Falcon. */
  const enriched: DelivererObserver = {
    ...observer,
    onPosted: (_, bytes, duration_ms) =>
      Effect.all([Metric.update(m.bytes_out, bytes), Metric.update(m.intake_seconds, duration_ms / 1_000)]),
  }
  const onBatch = (batch: Batch, counts: BatchBuilder["counts"]) =>
    Effect.suspend(() => {
      const repeated = counts.repeated - counted.repeated
      const late = counts.late - counted.late
      counted.repeated += repeated
      counted.late += late
      activity.events_in += batch.count + batch.rejects.length
      return Effect.all([
        Metric.update(m.events_in, batch.count + batch.rejects.length),
        Metric.update(m.bytes_in, batch.bytes_in),
        Metric.update(m.repeated, repeated),
        Metric.update(m.late, late),
        types === undefined ? Effect.void : countNotRouted(types),
      ])
    })
  const onCommitted = (offset: number) => Metric.update(m.committed_offset, offset)
  const onDelivered = (created_ms: number, now_ms: number) => {
    const lag_ms = Math.max(0, now_ms - created_ms)
    activity.posting_created_ms = -1
    if (created_ms >= 0) activity.delivered_lag_ms = lag_ms
    return created_ms < 0 ? Effect.void : Metric.update(m.lag, lag_ms / 1_000)
  }
  return { ...observer, enriched, onBatch, onCommitted, onDelivered }
}
