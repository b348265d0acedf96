import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { violationsOf } from "../actions/support.ts"
import { detectionOf, detectionsOf, enrich, withEnricher } from "./support.ts"

const few = { edge_types: ["child_process", "user"] }

describe("an endpoint detection", () => {
  test("gets the vertices around its process and that process's parent", () =>
    withEnricher({}, few, ({ simulator, enricher, calls, health }) =>
      Effect.gen(function* () {
        const detection = detectionOf(simulator, "EppDetectionSummaryEvent")
        const events = (yield* enrich(enricher, detection)).map((text) => JSON.parse(text))
        const agent = detection.event.AgentId
        expect(new Set(events.map(({ metadata }) => metadata.edge.sourceVertexId)).size).toBe(2)
        for (const { metadata, event } of events) {
          expect(metadata.detectionIdString).toBe(detection.event.CompositeId)
          expect(metadata.edge.sourceVertexId).toStartWith(`pid:${agent}:`)
          expect(event.device_id).toBe(agent)
        }
        expect(yield* calls).toMatchObject({ alerts: 1, detections: 0, edge_types: 1, edges: 4 })
        expect(yield* health).toMatchObject({ status: "ok", detail: "" })
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("gets none when a scan of files made it: there is no process", () =>
    withEnricher({ templates: 400 }, few, ({ simulator, enricher, calls }) =>
      Effect.gen(function* () {
        const scans = detectionsOf(simulator, "EppDetectionSummaryEvent").filter(({ event }) => event.Type === "ods")
        expect(yield* enrich(enricher, scans[0])).toEqual([])
        expect(yield* calls).toMatchObject({ alerts: 1, edges: 0 })
      }),
    ))

  test("that Falcon does not know is given up", () =>
    withEnricher({}, few, ({ enricher, health }) =>
      Effect.gen(function* () {
        const stray = { metadata: { eventType: "EppDetectionSummaryEvent" }, event: { CompositeId: "c:ind:a:1-2-3" } }
        const error = yield* Effect.flip(enrich(enricher, stray))
        expect(error).toMatchObject({ _tag: "NotEnriched", message: "Falcon knows no detection c:ind:a:1-2-3" })
        expect((yield* health).status).toBe("ok")
      }),
    ))

  test("travels with others of the same moment in one call, and one that Falcon does not know spoils none", () =>
    withEnricher({ templates: 400 }, few, ({ simulator, enricher, calls }) =>
      Effect.gen(function* () {
        const stray = { metadata: { eventType: "EppDetectionSummaryEvent" }, event: { CompositeId: "c:ind:a:1-2-3" } }
        const all = [...detectionsOf(simulator, "EppDetectionSummaryEvent").slice(0, 40), stray]
        const results = yield* Effect.forEach(all, (one) => Effect.exit(enrich(enricher, one)), {
          concurrency: "unbounded",
        })
        expect(results.map(({ _tag }) => _tag)).toEqual([...Array(40).fill("Success"), "Failure"])
        expect((yield* calls).alerts).toBe(1)
      }),
    ))

  test("is asked for in halves when Falcon refuses the whole call", () =>
    withEnricher({ templates: 400 }, few, ({ simulator, enricher, calls }) =>
      Effect.gen(function* () {
        simulator.addFault({ on: "api", path: "/alerts", do: { status: 400 } })
        const all = detectionsOf(simulator, "EppDetectionSummaryEvent").slice(0, 8)
        yield* Effect.forEach(all, (one) => enrich(enricher, one), { concurrency: "unbounded" })
        expect((yield* calls).alerts).toBe(3)
      }),
    ))
})

describe("an old detection", () => {
  test("is asked of the alerts first, then of the detections API where that still works", () =>
    withEnricher({ detections: "served" }, few, ({ simulator, enricher, calls }) =>
      Effect.gen(function* () {
        const detection = detectionOf(simulator, "DetectionSummaryEvent")
        const events = (yield* enrich(enricher, detection)).map((text) => JSON.parse(text))
        expect(events.length).toBeGreaterThan(0)
        expect(events[0].metadata.detectionIdString).toBe(detection.event.DetectId)
        expect(yield* calls).toMatchObject({ alerts: 1, detections: 1, edges: 4 })
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("reaches the detections API also when the alerts may not be read", () =>
    withEnricher(
      { detections: "served", api_scopes: ["Detections: Read", "Threatgraph: Read"] },
      few,
      ({ simulator, enricher, health }) =>
        Effect.gen(function* () {
          expect((yield* enrich(enricher, detectionOf(simulator, "DetectionSummaryEvent"))).length).toBeGreaterThan(0)
          const { status, detail } = yield* health
          expect(status).toBe("degraded")
          expect(detail).toContain("Alerts: Read")
        }),
    ))

  test.each(["not_found", "gone"] as const)("is given up where that API is withdrawn: %s", (detections) =>
    withEnricher({ detections, templates: 400 }, few, ({ simulator, enricher, calls, health }) =>
      Effect.gen(function* () {
        const [first, second] = detectionsOf(simulator, "DetectionSummaryEvent")
        const error = yield* Effect.flip(enrich(enricher, first))
        expect(error.message).toContain("this API was withdrawn on 2025-09-30")
        expect((yield* health).detail).toContain("its successor is POST /alerts/entities/alerts/v2")
        yield* Effect.flip(enrich(enricher, second))
        expect((yield* calls).detections).toBe(1)
      }),
    ),
  )
})

describe("what is kept of an event", () => {
  test("is nothing for other types, for events without an id, and for what is no event", () =>
    withEnricher({}, few, ({ enricher: { refOf } }) =>
      Effect.sync(() => {
        const of = (eventType: unknown, event: unknown) => refOf({ metadata: { eventType }, event })
        for (const nothing of [
          refOf(null),
          refOf([]),
          refOf({ metadata: null }),
          of("IdpDetectionSummaryEvent", { CompositeId: "a" }),
          of("EppDetectionSummaryEvent", { DetectId: "a" }),
          of("EppDetectionSummaryEvent", { CompositeId: "" }),
          of("EppDetectionSummaryEvent", null),
          of("toString", { CompositeId: "a" }),
        ]) {
          expect(nothing).toBeUndefined()
        }
        expect(
          refOf({ metadata: { eventType: "DetectionSummaryEvent" }, event: { DetectId: "ldt:a:1", Severity: 5 } }),
        ).toBe('{"event_type":"DetectionSummaryEvent","id":"ldt:a:1","severity_name":null,"severity_code":5}')
      }),
    ))
})
