/** What the enrichment counts. */
import { counter } from "../../core/telemetry/metrics.ts"

export const metrics = {
  enrichment_calls: counter(
    "akonis_enrichment_calls_total",
    "Falcon API calls of the enrichment, by kind and outcome.",
  ),
  enrichment_cache_hits: counter(
    "akonis_enrichment_cache_hits_total",
    "Lookups of the enrichment that cost no call, by kind.",
  ),
  enrichment_vertices: counter("akonis_enrichment_vertices_total", "Vertices found around detections."),
  enrichment_missing: counter(
    "akonis_enrichment_missing_total",
    "Vertices at the end of an edge that were not sent, by reason: of an unknown kind, or not found.",
  ),
  enrichment_given_up: counter(
    "akonis_enrichment_given_up_total",
    "Detections that the enrichment gave up, by reason; those interrupted from outside are not counted.",
  ),
  enrichment_limits: counter(
    "akonis_enrichment_limits_total",
    "Detections that met a limit of the enrichment and have fewer vertices, by limit.",
  ),
  enrichment_skipped: counter(
    "akonis_enrichment_edge_types_skipped_total",
    "Edge types left out at a process because they are rare and many detections waited.",
  ),
} as const
