/** Enriches detections: from the detection to its processes, along their edges to vertices, one event for each. */
import { Array as Arr, Effect, Metric } from "effect"
import { type Enricher, NotEnriched } from "../../core/delivery/enricher.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { makeCalls, plugin_id } from "./calls.ts"
import type { EnrichmentConfig } from "./config.ts"
import { type DetectionRef, detectionRef, event_types, fields, parseDetectionRef } from "./detection-ref.ts"
import { alertsOperation, detectionsOperation, makeDetections, nobodys_alert, nobodys_detection } from "./detections.ts"
import { edgeTypesOperation, makeEdgeTypes } from "./edge-types.ts"
import { type Edge, makeEdges } from "./edges.ts"
import { prefixOf, vertexTypeOf } from "./graph-ids.ts"
import { enrichment } from "./limits.ts"
import { metrics } from "./metrics.ts"
import { vertexEvent } from "./vertex-event.ts"
import { makeVertices } from "./vertices.ts"

const probes = {
  alerts: alertsOperation([nobodys_alert]),
  detections: detectionsOperation([nobodys_detection]),
  threatgraph: edgeTypesOperation,
}

/** Lives in the scope where it is made: lookups under way end with it. */
export const makeEnricher = Effect.fnUntraced(function* (config: EnrichmentConfig) {
  const calls = yield* makeCalls(probes)
  const detections = yield* makeDetections(calls)
  const edgesOf = yield* makeEdges(calls, yield* makeEdgeTypes(calls, config))
  const vertexOf = yield* makeVertices(calls)
  const prefixes_seen = new Set<string>()
  let under_way = 0
  const isHurried = () => under_way > enrichment.unhurried_max

  /**
   * The edges around a detection, as many as the limits allow. Its processes queue up together, so that no detection waits
   * for one that came later.
   */
  const walk = Effect.fnUntraced(function* (ref: DetectionRef) {
    const edges: Edge[] = []
    let spent = 0
    for (const processes of Arr.chunksOf(yield* detections.processes(ref), enrichment.walks_at_once_max)) {
      if (spent >= enrichment.calls_per_detection_max) {
        yield* limited("calls", ref, `it has cost ${spent} calls, further processes are left out`)
        break
      }
      const walks = yield* Effect.forEach(processes, (process) => edgesOf(process, isHurried), {
        concurrency: "unbounded",
      })
      for (const found of walks) {
        spent += found.calls
        for (const edge of found.edges) edges.push(edge)
        if (found.cut.length > 0) yield* limited("edges", ref, `it has too many edges of ${found.cut.join(", ")}`)
      }
    }
    const { vertices_per_detection_max } = enrichment
    if (edges.length <= vertices_per_detection_max) return edges
    yield* limited("vertices", ref, `it has ${edges.length}, the first ${vertices_per_detection_max} are sent`)
    return edges.slice(0, vertices_per_detection_max)
  })

  /** Of a kind that we cannot ask for: counted, and logged when it is new. */
  const unknown = Effect.fnUntraced(function* (id: string) {
    yield* Metric.update(Metric.withAttributes(metrics.enrichment_missing, { reason: "unknown_kind" }), 1)
    const prefix = (prefixOf(id) ?? id).slice(0, 32)
    if (prefixes_seen.has(prefix) || prefixes_seen.size >= enrichment.kinds_logged_max) return
    prefixes_seen.add(prefix)
    yield* Effect.logInfo(`vertices of the kind "${prefix}" are not collected`)
  })

  const eventOf = Effect.fnUntraced(function* (ref: DetectionRef, edge: Edge) {
    const type = vertexTypeOf(edge.id)
    if (type === undefined) return yield* Effect.as(unknown(edge.id), [])
    const text = yield* vertexOf(type, edge.id)
    if (text !== undefined) return [vertexEvent(ref, edge, text)]
    yield* Metric.update(Metric.withAttributes(metrics.enrichment_missing, { reason: "not_found" }), 1)
    return []
  })

  const enrich = Effect.fnUntraced(function* (
    text: string,
  ): Effect.fn.Return<readonly string[], FalconError | NotEnriched> {
    const ref = parseDetectionRef(text)
    const edges = yield* walk(ref)
    // They wait for each other: lookups of the same moment travel together.
    const events = yield* Effect.forEach(edges, (edge) => eventOf(ref, edge), { concurrency: "unbounded" })
    const sent = events.flat()
    yield* Metric.update(metrics.enrichment_vertices, sent.length)
    return sent
  })

  return {
    plugin_id,
    event_types,
    fields,
    refOf: detectionRef,
    enrich: (text) =>
      Effect.suspend(() => {
        under_way++
        return Effect.ensuring(
          enrich(text),
          Effect.sync(() => under_way--),
        )
      }).pipe(Effect.catch(giveUp)),
  } satisfies Enricher
})

const giveUp = Effect.fnUntraced(function* (error: FalconError | NotEnriched) {
  const reason = error._tag === "NotEnriched" ? "not_found" : error.reason
  yield* Metric.update(Metric.withAttributes(metrics.enrichment_given_up, { reason }), 1)
  return yield* error._tag === "NotEnriched" ? error : new NotEnriched({ message: error.message })
})

/** The detection keeps what it has. */
const limited = Effect.fnUntraced(function* (limit: string, { id }: DetectionRef, what: string) {
  yield* Metric.update(Metric.withAttributes(metrics.enrichment_limits, { limit }), 1)
  yield* Effect.logWarning(`detection ${id} gets fewer vertices than there are: ${what}`)
})
