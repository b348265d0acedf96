import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { edgesOf } from "../../simulator/api/graph.ts"
import { enrichment } from "../../src/plugins/enrichment/limits.ts"
import { faultOn, violationsOf } from "../actions/support.ts"
import { detectionOf, detectionsOf, enrich, type Scene, withEnricher } from "./support.ts"

const epp = ({ simulator }: Scene) => detectionOf(simulator, "EppDetectionSummaryEvent")
const process = ({ event }: { readonly event: Readonly<Record<string, unknown>> }) =>
  `pid:${event.AgentId}:${event.ProcessId}`

/** An answer of ThreatGraph. */
const answer = (resources: readonly unknown[], pagination?: unknown) => ({
  status: 200,
  body: JSON.stringify({ meta: { pagination }, errors: [], resources }),
})

const domains = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ edge_type: "dns_request", id: `dns:a:n${from + index}.example` }))

describe("the edges of a type", () => {
  test("are walked to the last page, and their vertices fetched a hundred at a time", () =>
    withEnricher({ templates: 400 }, { edge_types: ["dns_request"] }, ({ simulator, enricher, calls }) =>
      Effect.gen(function* () {
        const busy = detectionsOf(simulator, "EppDetectionSummaryEvent").find(
          (one) =>
            Number.isSafeInteger(one.event.ProcessId) && (edgesOf(process(one), "dns_request") ?? []).length > 200,
        )!
        const wanted = edgesOf(process(busy), "dns_request")!
        const sent = (yield* enrich(enricher, busy)).map((text) => JSON.parse(text))
        const own = sent.filter(({ metadata }) => metadata.edge.sourceVertexId === process(busy))
        // One vertex in forty is gone.
        expect(own.length).toBeGreaterThan(0.9 * wanted.length)
        expect(own.map(({ event }) => event.id)).toEqual(
          wanted.filter((id) => own.some(({ event }) => event.id === id)),
        )
        expect(own.some(({ event }) => event.id.endsWith(":8443"))).toBe(true)
        const { edges, vertices } = yield* calls
        expect(edges).toBeGreaterThanOrEqual(3 + 1)
        expect(vertices).toBeLessThanOrEqual(Math.ceil(sent.length / 0.9 / enrichment.vertices_per_call))
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("end at a limit; the detection keeps what it has", () =>
    withEnricher({}, { edge_types: ["dns_request"] }, (scene) =>
      Effect.gen(function* () {
        const { simulator, enricher, calls } = scene
        const { CompositeId: composite_id, AgentId } = epp(scene).event
        const triggering_process_graph_id = `pid:${AgentId}:1`
        simulator.addFault(faultOn("/alerts", answer([{ composite_id, triggering_process_graph_id }])))
        for (let page = 0; page < 30; page++) {
          const paging = { offset: `t${page}`, next_page: "true" }
          simulator.addFault(faultOn("/threatgraph/combined", answer(domains(page * 100, 100), paging)))
        }
        const found = domains(0, 1_100).map(({ id }) => ({ id }))
        simulator.addFault(faultOn("/threatgraph/entities", answer(found), { from_ms: 0, until_ms: 60_000 }))
        const sent = (yield* enrich(enricher, epp(scene))).map((text) => JSON.parse(text).event.id)
        expect(sent).toEqual(domains(0, enrichment.edges_per_type_max).map(({ id }) => id))
        // An eleventh page shows that there are more.
        expect((yield* calls).edges).toBe(11)
      }),
    ))

  test("whose vertices are all unknown cost a bounded number of calls: a refused one is asked for again in parts", () =>
    withEnricher({}, { edge_types: ["dns_request"] }, (scene) =>
      Effect.gen(function* () {
        const everything = { from_ms: 0, until_ms: 3_600_000 }
        scene.simulator.addFault(faultOn("/threatgraph/combined", answer(domains(0, 100)), everything))
        scene.simulator.addFault(faultOn("/threatgraph/entities", { status: 404 }, everything))
        expect(yield* enrich(scene.enricher, epp(scene))).toEqual([])
        expect((yield* scene.calls).vertices).toBe(enrichment.calls_per_group_max)
      }),
    ))
})

describe("vertices", () => {
  test("of a kind that nobody knows are left out; the others are sent", () =>
    withEnricher({}, { edge_types: ["triggered_indicator", "user"] }, (scene) =>
      Effect.gen(function* () {
        const sent = (yield* enrich(scene.enricher, epp(scene))).map((text) => JSON.parse(text))
        expect(sent.map(({ event }) => event.vertex_type)).toEqual(["user", "user"])
      }),
    ))

  test("that are gone are not asked for again", () =>
    withEnricher({}, { edge_types: ["user"] }, (scene) =>
      Effect.gen(function* () {
        scene.simulator.addFault(faultOn("/threatgraph/entities", { status: 404 }))
        expect(yield* enrich(scene.enricher, epp(scene))).toEqual([])
        expect(yield* enrich(scene.enricher, epp(scene))).toEqual([])
        expect((yield* scene.calls).vertices).toBe(1)
      }),
    ))

  test("that nobody asked for are ignored", () =>
    withEnricher({}, { edge_types: ["user"] }, (scene) =>
      Effect.gen(function* () {
        scene.simulator.addFault(
          faultOn("/threatgraph/entities", answer([{ id: "uid:other:1" }, null, 7, {}]), {
            from_ms: 0,
            until_ms: 60_000,
          }),
        )
        expect(yield* enrich(scene.enricher, epp(scene))).toEqual([])
      }),
    ))

  test("at the end of two edges are fetched once and sent twice", () =>
    withEnricher({}, { edge_types: ["user"] }, (scene) =>
      Effect.gen(function* () {
        const sent = (yield* enrich(scene.enricher, epp(scene))).map((text) => JSON.parse(text))
        expect(sent).toHaveLength(2)
        expect(sent[0].event).toEqual(sent[1].event)
        expect(sent[0].metadata.edge.sourceVertexId).not.toBe(sent[1].metadata.edge.sourceVertexId)
        expect((yield* scene.calls).vertices).toBe(1)
      }),
    ))

  test("keep numbers that no double holds", () =>
    withEnricher({}, { edge_types: ["parent_process", "user"] }, (scene) =>
      Effect.gen(function* () {
        const sent = yield* enrich(scene.enricher, epp(scene))
        expect(sent.some((text) => /"TargetProcessId":1\d{18},"Score":\d+\.0\}/.test(text))).toBe(true)
        expect(sent.some((text) => text.includes('"AuthenticationId":1152921504606846977'))).toBe(true)
      }),
    ))
})

describe("a detection with too many processes", () => {
  test("stops at its limit of calls, and keeps what it has", () =>
    withEnricher({ detections: "served" }, {}, ({ simulator, enricher, calls }) =>
      Effect.gen(function* () {
        const detection = detectionOf(simulator, "DetectionSummaryEvent")
        const agent = detection.event.SensorId
        const behaviors = Array.from({ length: 10 }, (_, index) => ({
          triggering_process_graph_id: `pid:${agent}:${100_000 + index}`,
        }))
        simulator.addFault(faultOn("/detects", answer([{ detection_id: detection.event.DetectId, behaviors }])))
        const sent = (yield* enrich(enricher, detection)).map((text) => JSON.parse(text))
        const sources = new Set(sent.map(({ metadata }) => metadata.edge.sourceVertexId))
        // Two groups of four.
        expect(sources.size).toBe(8)
        expect((yield* calls).edges).toBeLessThan(
          enrichment.calls_per_detection_max + enrichment.walks_at_once_max * 300,
        )
      }),
    ))
})

describe("the edge types", () => {
  test("are those of the configuration, without `device` and `hunting_lead`", () =>
    withEnricher({}, { edge_types: ["device", "hunting_lead", "user", "no_such_type"] }, (scene) =>
      Effect.gen(function* () {
        expect((yield* enrich(scene.enricher, epp(scene))).length).toBe(2)
        expect((yield* scene.calls).edges).toBe(2)
      }),
    ))
})
