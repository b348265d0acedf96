/**
 * The enrichment by itself: its enricher on the real Falcon client, against the simulator in process. Time is virtual and
 * passes by itself.
 */
import { Effect, Layer } from "effect"
import type { SimulatorOptions } from "../../simulator/options.ts"
import type { Simulator } from "../../simulator/simulator.ts"
import type { ActionServices } from "../../src/core/actions/action.ts"
import type { Enricher } from "../../src/core/delivery/enricher.ts"
import { Health } from "../../src/core/telemetry/health.ts"
import type { EnrichmentConfig } from "../../src/plugins/enrichment/config.ts"
import { makeEnricher } from "../../src/plugins/enrichment/enricher.ts"
import { enrichment } from "../../src/plugins/enrichment/plugin.ts"
import { callsOf, withFalcon } from "../actions/support.ts"

/** What a test works with. */
export interface Scene {
  readonly simulator: Simulator
  readonly enricher: Enricher
  /** The plugin's line in the health report. */
  readonly health: Effect.Effect<{ readonly status: string; readonly detail: string }>
  /** Calls that have reached the API so far, by the last word of their path that says something. */
  readonly calls: Effect.Effect<{
    readonly alerts: number
    readonly detections: number
    readonly edge_types: number
    readonly edges: number
    readonly vertices: number
  }>
}

/** 64 templates hold every type of event; the parent and the children of a process are followed unless told otherwise. */
export const withEnricher = <A, E>(
  options: SimulatorOptions,
  config: Partial<EnrichmentConfig>,
  body: (scene: Scene) => Effect.Effect<A, E, ActionServices>,
): Promise<A> =>
  withFalcon({ templates: 64, rate_limits: true, ...options }, (simulator) =>
    Effect.gen(function* () {
      const health = yield* Health
      yield* health.started(enrichment.id)
      const enricher = yield* makeEnricher({ edge_types: "all", ...config })
      return yield* body({
        simulator,
        enricher,
        health: Effect.map(health.report, ({ plugins }) => plugins[enrichment.id]!),
        calls: Effect.map(callsOf(simulator), (requests) => {
          const count = (path: string) => requests.filter((request) => request.path.startsWith(path)).length
          return {
            alerts: count("/alerts/"),
            detections: count("/detects/"),
            edge_types: count("/threatgraph/queries/"),
            edges: count("/threatgraph/combined/"),
            vertices: count("/threatgraph/entities/"),
          }
        }),
      })
    }).pipe(Effect.provide(Layer.fresh(Health.layer([enrichment.id])))),
  )

/** A line of the stream, parsed as the stream plugin hands it over. */
interface StreamEvent {
  readonly metadata: { readonly eventType: string }
  readonly event: Readonly<Record<string, unknown>>
}

/** The detections of one type that the simulator's stream holds, each with another id. */
export function detectionsOf(simulator: Simulator, type: "EppDetectionSummaryEvent" | "DetectionSummaryEvent") {
  const tape = simulator.tapes.get(0)!
  const decoder = new TextDecoder()
  const found = new Map<unknown, StreamEvent>()
  for (let index = 0; index < simulator.settings.events_per_partition; index++) {
    if (tape.type(index) !== type) continue
    const event = JSON.parse(decoder.decode(tape.bytes(index))) as StreamEvent
    const id = event.event.CompositeId ?? event.event.DetectId
    if (!found.has(id)) found.set(id, event)
  }
  return [...found.values()]
}

/** The first of them that a process triggered: not one in ten that a scan of files made. */
export const detectionOf = (simulator: Simulator, type: Parameters<typeof detectionsOf>[1]): StreamEvent =>
  detectionsOf(simulator, type).find(({ event }) => event.ProcessId !== undefined)!

/** Keeps and follows an event, as the stream plugin does. */
export const enrich = (enricher: Enricher, event: unknown) => enricher.enrich(enricher.refOf(event)!)
