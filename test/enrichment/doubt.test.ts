/** A 200 that says nothing is no answer: promise 7 knows vertices that were sent, or whose detection was dead-lettered. */
import { describe, expect, test } from "bun:test"
import { Effect, Fiber } from "effect"
import { enrichment } from "../../src/plugins/enrichment/limits.ts"
import { faultOn } from "../actions/support.ts"
import { detectionOf, enrich, type Scene, withEnricher } from "./support.ts"

const few = { edge_types: ["child_process", "user"] }
const epp = ({ simulator }: Scene) => detectionOf(simulator, "EppDetectionSummaryEvent")
const nothing = ["", "{}", '{"meta":{"query_time":0.1},"resources":null,"errors":null}'] as const
const empty = '{"meta":{"query_time":0.1},"resources":[],"errors":[]}'
const failed = '{"meta":{},"resources":[],"errors":[{"code":503,"message":"a shard failed"}]}'

/** What a detection gets where nothing goes wrong. */
const whole = withEnricher({}, few, (scene) => enrich(scene.enricher, epp(scene)))

/**
 * Enriches a detection while Falcon answers a path so for ten minutes. After nine of them nothing is found and health is degraded; then `check` runs,
 * and `found` gives the vertices once they are over.
 */
const answeredForTenMinutes = (
  path: string,
  body: string,
  check: (found: ReturnType<typeof enrich>, scene: Scene) => Effect.Effect<void, unknown>,
) =>
  withEnricher({ faults: [faultOn(path, { status: 200, body }, { from_ms: 0, until_ms: 600_000 })] }, few, (scene) =>
    Effect.gen(function* () {
      const running = yield* Effect.forkChild(enrich(scene.enricher, epp(scene)))
      yield* Effect.sleep("9 minutes")
      expect(running.pollUnsafe()).toBeUndefined()
      expect(yield* scene.health).toMatchObject({ status: "degraded" })
      yield* check(Effect.andThen(Effect.sleep("3 minutes"), Fiber.join(running)), scene)
    }),
  )

describe("an answer that says nothing", () => {
  test.each(
    (
      [
        ["the edge types", "/threatgraph/queries", [...nothing, empty, failed]],
        ["the edges", "/threatgraph/combined", [...nothing, failed]],
        ["the vertices", "/threatgraph/entities", [...nothing, empty, failed]],
        ["the alerts", "/alerts", [...nothing, empty, failed]],
      ] as const
    ).flatMap(([what, path, bodies]) => bodies.map((body) => [what, body, path] as const)),
  )("once costs no vertex: %s %s", (_, body, path) =>
    withEnricher({ faults: [faultOn(path, { status: 200, body })] }, few, (scene) =>
      Effect.gen(function* () {
        expect(yield* enrich(scene.enricher, epp(scene))).toEqual(yield* Effect.promise(() => whole))
        expect((yield* scene.health).status).toBe("ok")
      }),
    ),
  )

  test.each([...nothing, empty])("from the list of edge types is never believed, and health says so: %s", (body) =>
    answeredForTenMinutes("/threatgraph/queries", body, (found, scene) =>
      Effect.gen(function* () {
        // With backoff, and so not often.
        expect((yield* scene.calls).edge_types).toBeLessThan(25)
        expect((yield* found).length).toBeGreaterThan(0)
      }),
    ),
  )

  test("beside which a part of Falcon fails is asked for until it does not, however long: nothing of it is left out", () => {
    const part = `{"meta":{},"resources":[],"errors":[{"code":400,"message":"x"},{"code":503,"message":"a shard is away"}]}`
    const one = part.replace('"resources":[]', '"resources":[{"id":"x"}]')
    return answeredForTenMinutes("/threatgraph/entities", one, (found) =>
      Effect.gen(function* () {
        expect(yield* found).toEqual(yield* Effect.promise(() => whole))
      }),
    )
  })

  test("that Falcon insists on counts in the end: some of its services write an empty list as null", () =>
    withEnricher(
      { faults: [faultOn("/threatgraph/combined", { status: 200, body: nothing[2] }, { from_ms: 0, until_ms: 1e9 })] },
      few,
      (scene) =>
        Effect.gen(function* () {
          expect(yield* enrich(scene.enricher, epp(scene))).toEqual([])
          expect((yield* scene.health).status).toBe("ok")
        }),
    ))

  test("where vertices are left out without a word is asked again for those", () =>
    withEnricher({}, few, (scene) =>
      Effect.gen(function* () {
        const expected = yield* Effect.promise(() => whole)
        const [first] = expected.map((text) => JSON.parse(text).event)
        const body = JSON.stringify({ meta: {}, resources: [first], errors: [] })
        scene.simulator.addFault(faultOn("/threatgraph/entities", { status: 200, body }))
        expect((yield* enrich(scene.enricher, epp(scene))).length).toBe(expected.length)
      }),
    ))

  test("of one odd edge, or one odd vertex, costs nothing but itself", () =>
    withEnricher({}, { edge_types: ["user"] }, (scene) =>
      Effect.gen(function* () {
        const body = (resources: readonly unknown[]) => JSON.stringify({ meta: {}, resources, errors: [] })
        const edges = [null, "text", {}, { id: 7 }, { id: "uid:a:1" }, [], { id: "uid:a:2", edge_type: 5 }]
        const vertices = [null, 5, [], { id: {} }, { id: "uid:a:1", properties: null }, { id: "uid:a:2" }]
        scene.simulator.addFault(
          faultOn("/threatgraph/combined", { status: 200, body: body(edges) }, { from_ms: 0, until_ms: 1e9 }),
        )
        scene.simulator.addFault(faultOn("/threatgraph/entities", { status: 200, body: body(vertices) }))
        const ids = (yield* enrich(scene.enricher, epp(scene))).map((text) => JSON.parse(text).event.id)
        expect(new Set(ids)).toEqual(new Set(["uid:a:1", "uid:a:2"]))
      }),
    ))
})

test("the pause between calls that fail grows, so that an API that is down is left alone", () =>
  withEnricher({ faults: [faultOn("/alerts", { status: 500 }, { from_ms: 0, until_ms: 10 * 60_000 })] }, few, (scene) =>
    Effect.gen(function* () {
      const running = yield* Effect.forkChild(enrich(scene.enricher, epp(scene)))
      yield* Effect.sleep(500)
      expect((yield* scene.calls).alerts).toBe(1)
      yield* Effect.sleep("9 minutes")
      expect((yield* scene.calls).alerts).toBeLessThan(30)
      yield* Fiber.interrupt(running)
    }),
  ))

test("a detection with more vertices than the limit gets as many as the limit, and no more", () => {
  const edge_types = ["child_process", "user", "user_session", "dns_request", "wrote_module", "loaded_module"]
  return withEnricher({}, { edge_types }, (scene) =>
    Effect.gen(function* () {
      const { CompositeId: composite_id, AgentId } = epp(scene).event
      const triggering_process_graph_id = `pid:${AgentId}:1`
      const vertices = Array.from({ length: enrichment.edges_per_type_max }, (_, index) => ({ id: `uid:a:${index}` }))
      const always = { from_ms: 0, until_ms: 1e9 }
      const answer = (resources: readonly unknown[]) => ({
        status: 200,
        body: JSON.stringify({ meta: {}, resources, errors: [] }),
      })
      scene.simulator.addFault(faultOn("/alerts", answer([{ composite_id, triggering_process_graph_id }])))
      scene.simulator.addFault(faultOn("/threatgraph/queries", answer(edge_types)))
      scene.simulator.addFault(faultOn("/threatgraph/combined", answer(vertices), always))
      scene.simulator.addFault(faultOn("/threatgraph/entities", answer(vertices), always))
      expect((yield* enrich(scene.enricher, epp(scene))).length).toBe(enrichment.vertices_per_detection_max)
    }),
  )
})
