import { expect, test } from "bun:test"
import { Effect, Metric } from "effect"
import { metrics } from "../../src/plugins/enrichment/metrics.ts"
import { detectionOf, enrich, withEnricher } from "./support.ts"

type Counter = Metric.Metric<number, Metric.CounterState<number>>

/** How much an effect adds to counters; they are shared by everything in the process. */
const growth = <A, E, R>(
  counters: Readonly<Record<string, Counter>>,
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<Record<string, number>, E, R> =>
  Effect.gen(function* () {
    const read = Effect.forEach(Object.values(counters), (counter) => Metric.value(counter))
    const before = yield* read
    yield* effect
    const after = yield* read
    return Object.fromEntries(
      Object.keys(counters).map((name, index) => [name, after[index]!.count - before[index]!.count]),
    )
  })

const calls = (kind: string, outcome = "ok") => Metric.withAttributes(metrics.enrichment_calls, { kind, outcome })
const hits = (kind: string) => Metric.withAttributes(metrics.enrichment_cache_hits, { kind })
const counters = {
  alerts: calls("alerts"),
  edges: calls("edges"),
  vertices: calls("vertices"),
  edges_hit: hits("edges"),
  sent: metrics.enrichment_vertices,
  unknown: Metric.withAttributes(metrics.enrichment_missing, { reason: "unknown_kind" }),
  not_found: Metric.withAttributes(metrics.enrichment_given_up, { reason: "not_found" }),
}
const nothing = { alerts: 0, edges: 0, vertices: 0, edges_hit: 0, sent: 0, unknown: 0, not_found: 0 }

test("the metrics tell calls, hits, vertices, what is missing and what was given up", () =>
  withEnricher({}, { edge_types: ["user", "triggered_indicator"] }, ({ simulator, enricher }) =>
    Effect.gen(function* () {
      const detection = detectionOf(simulator, "EppDetectionSummaryEvent")
      const cold = { ...nothing, alerts: 1, edges: 4, vertices: 1, sent: 2, unknown: 2 }
      expect(yield* growth(counters, enrich(enricher, detection))).toEqual(cold)
      const warm = { ...nothing, edges_hit: 2, sent: 2, unknown: 2 }
      expect(yield* growth(counters, enrich(enricher, detection))).toEqual(warm)
      const stray = { metadata: { eventType: "EppDetectionSummaryEvent" }, event: { CompositeId: "c:ind:a:1-2-3" } }
      const given_up = { ...nothing, alerts: 1, not_found: 1 }
      expect(yield* growth(counters, Effect.flip(enrich(enricher, stray)))).toEqual(given_up)
    }),
  ))
