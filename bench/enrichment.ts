/**
 * What a storm of detections costs in calls: thousands of detections over 1 000 processes, against the simulator in process
 * and on a virtual clock. `bun bench/enrichment.ts`
 */
import { Clock, Effect, Metric } from "effect"
import { edge_types } from "../simulator/api/threatgraph-facts.ts"
import { enrichment_queue } from "../src/core/delivery/limits.ts"
import { metrics } from "../src/plugins/enrichment/metrics.ts"
import { detectionsOf, enrich, withEnricher } from "../test/enrichment/support.ts"

/** As many as the stream plugin follows at once in one partition. */
const in_hand_max = enrichment_queue.concurrency_max

const calls = (kind: string) =>
  Effect.map(
    Metric.value(Metric.withAttributes(metrics.enrichment_calls, { kind, outcome: "ok" })),
    ({ count }) => count,
  )

await withEnricher(
  { templates: 26_000, events_per_partition: 60_000, processes: 1_000 },
  {},
  ({ simulator, enricher }) =>
    Effect.gen(function* () {
      const storm = detectionsOf(simulator, "EppDetectionSummaryEvent").filter(
        ({ event }) => event.ProcessId !== undefined,
      )
      const began_ms = yield* Clock.currentTimeMillis
      const sent = yield* Effect.forEach(storm, (one) => Effect.map(enrich(enricher, one), ({ length }) => length), {
        concurrency: in_hand_max,
      })
      const took_ms = (yield* Clock.currentTimeMillis) - began_ms
      const counts = [yield* calls("alerts"), yield* calls("edges"), yield* calls("vertices")] as const
      const report = {
        detections: storm.length,
        vertices_sent: sent.reduce((sum, count) => sum + count, 0),
        calls: counts.reduce((sum, count) => sum + count, 0),
        of_alerts: counts[0],
        of_edges: counts[1],
        of_vertices: counts[2],
        calls_without_memory: storm.length * (1 + 2 * (edge_types.length - 1)),
        virtual_minutes: Math.round(took_ms / 6_000) / 10,
      }
      process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
    }),
)
