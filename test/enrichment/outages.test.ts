import { describe, expect, test } from "bun:test"
import { Effect, Fiber } from "effect"
import { EdgeTypes } from "../../src/plugins/enrichment/edge-types.ts"
import { enrichment } from "../../src/plugins/enrichment/limits.ts"
import { faultOn } from "../actions/support.ts"
import { detectionOf, detectionsOf, enrich, type Scene, withEnricher } from "./support.ts"

const few = { edge_types: ["user"] }
const epp = ({ simulator }: Scene) => detectionOf(simulator, "EppDetectionSummaryEvent")
const started = (scene: Scene) => Effect.forkChild(enrich(scene.enricher, epp(scene)))
const until_ms = 10 * 60_000

describe("an outage", () => {
  test.each([
    ["of the alerts: 503", "/alerts", { status: 503 }],
    ["of the alerts: 500", "/alerts", { status: 500 }],
    ["of the alerts: no connection", "/alerts", "reset"],
    ["of the list of edge types", "/threatgraph/queries", { status: 502 }],
    ["of the edges", "/threatgraph/combined", { status: 503 }],
    ["of the vertices", "/threatgraph/entities", "reset"],
    ["where nothing is answered", "/threatgraph", "hang"],
  ])("is waited for, as long as it takes, and health says so meanwhile %s", (_, path, deed) =>
    withEnricher({ faults: [faultOn(path, deed, { from_ms: 0, until_ms })] }, few, (scene) =>
      Effect.gen(function* () {
        const { health } = scene
        const running = yield* started(scene)
        yield* Effect.sleep("5 minutes")
        expect(running.pollUnsafe()).toBeUndefined()
        const { status, detail } = yield* health
        expect(status).toBe("degraded")
        expect(detail).toContain("detections wait until Falcon answers")
        yield* Effect.sleep("7 minutes")
        expect((yield* Fiber.join(running)).length).toBeGreaterThan(0)
        expect(yield* health).toMatchObject({ status: "ok", detail: "" })
      }),
    ),
  )

  test("is not hammered: the breaker leaves Falcon alone but for single tries", () =>
    withEnricher(
      { faults: [faultOn("/threatgraph/combined", { status: 503 }, { from_ms: 0, until_ms })] },
      {},
      (scene) =>
        Effect.gen(function* () {
          const { simulator, enricher, calls } = scene
          const waiting = yield* Effect.forkChild(
            Effect.forEach(detectionsOf(simulator, "EppDetectionSummaryEvent"), (one) => enrich(enricher, one), {
              concurrency: "unbounded",
            }),
          )
          yield* Effect.sleep("9 minutes")
          const { edge_types, edges } = yield* calls
          expect(edge_types + edges).toBeLessThan(40)
          yield* Fiber.interrupt(waiting)
        }),
    ))

  test("of one API leaves the other alone", () =>
    withEnricher({ faults: [faultOn("/threatgraph", { status: 503 }, { from_ms: 0, until_ms })] }, few, (scene) =>
      Effect.gen(function* () {
        const running = yield* started(scene)
        yield* Effect.sleep("1 minute")
        expect((yield* scene.health).detail).toStartWith("threatgraph: ")
        expect((yield* scene.calls).alerts).toBe(1)
        yield* Fiber.interrupt(running)
      }),
    ))

  test("ends for what was interrupted meanwhile: but for one look every 15 minutes, nothing goes on", () =>
    withEnricher({ faults: [faultOn("/threatgraph", { status: 503 }, { from_ms: 0, until_ms })] }, few, (scene) =>
      Effect.gen(function* () {
        const [one, other] = [yield* started(scene), yield* started(scene)]
        yield* Effect.sleep("30 seconds")
        yield* Fiber.interrupt(one)
        expect(other.pollUnsafe()).toBeUndefined()
        yield* Fiber.interrupt(other)
        const { edge_types } = yield* scene.calls
        yield* Effect.sleep("20 minutes")
        expect((yield* scene.calls).edge_types).toBe(edge_types + 1)
        expect((yield* scene.health).status).toBe("ok")
        expect((yield* enrich(scene.enricher, epp(scene))).length).toBeGreaterThan(0)
      }),
    ))

  test("does not end for others when the one that began a lookup is interrupted", () =>
    withEnricher({ faults: [faultOn("/threatgraph", { status: 503 }, { from_ms: 0, until_ms })] }, few, (scene) =>
      Effect.gen(function* () {
        const first = yield* started(scene)
        yield* Effect.sleep("10 seconds")
        const second = yield* started(scene)
        yield* Effect.sleep("10 seconds")
        yield* Fiber.interrupt(first)
        expect((yield* Fiber.join(second)).length).toBeGreaterThan(0)
      }),
    ))
})

describe("Falcon's rate limit", () => {
  test("is waited for, and is no failure of Falcon", () =>
    withEnricher(
      { faults: [faultOn("/threatgraph", { status: 429, headers: { "retry-after": "30" } }, { count: 8 })] },
      few,
      (scene) =>
        Effect.gen(function* () {
          const running = yield* started(scene)
          yield* Effect.sleep("10 seconds")
          expect((yield* scene.health).detail).toContain("429")
          expect((yield* Fiber.join(running)).length).toBeGreaterThan(0)
          expect((yield* scene.health).status).toBe("ok")
        }),
    ))
})

describe("a slow Falcon", () => {
  test("is waited for; calls under way stay few", () =>
    withEnricher({ threatgraph_delay_ms: 20_000 }, few, (scene) =>
      Effect.gen(function* () {
        expect((yield* enrich(scene.enricher, epp(scene))).length).toBeGreaterThan(0)
        expect(yield* scene.calls).toMatchObject({ edge_types: 1, edges: 2, vertices: 1 })
      }),
    ))
})

describe("a missing scope", () => {
  test.each([
    ["Alerts: Read", ["Threatgraph: Read"], "alerts"],
    ["Threatgraph: Read", ["Alerts: Read"], "threatgraph"],
  ] as const)("%s: gives up, names it in health, and asks again only after a while", (scope, api_scopes, part) =>
    withEnricher({ api_scopes: [...api_scopes], templates: 400 }, few, (scene) =>
      Effect.gen(function* () {
        const { simulator, enricher, calls, health } = scene
        const many = detectionsOf(simulator, "EppDetectionSummaryEvent").slice(0, 20)
        const error = yield* Effect.flip(enrich(enricher, epp(scene)))
        expect(error._tag).toBe("NotEnriched")
        expect(error.message).toContain(scope)
        const { status, detail } = yield* health
        expect(status).toBe("degraded")
        expect(detail).toStartWith(`${part}: `)
        expect(detail).toContain(`needs ${scope}`)
        for (const one of many.slice(1)) yield* Effect.exit(enrich(enricher, one))
        const asked = ({ alerts, edge_types }: Effect.Success<typeof calls>) =>
          part === "alerts" ? alerts : edge_types
        expect(asked(yield* calls)).toBe(1)
        yield* Effect.sleep(enrichment.forbidden_ms - 60_000)
        yield* Effect.exit(enrich(enricher, epp(scene)))
        expect(asked(yield* calls)).toBe(1)
        yield* Effect.sleep(enrichment.probe_ms)
        expect(asked(yield* calls)).toBe(2)
        expect((yield* health).detail).toContain(scope)
      }),
    ),
  )

  test("that was added is noticed by itself", () =>
    withEnricher({ faults: [faultOn("/threatgraph", { status: 403 })] }, few, (scene) =>
      Effect.gen(function* () {
        expect((yield* Effect.flip(enrich(scene.enricher, epp(scene)))).message).toContain("Threatgraph: Read")
        yield* Effect.sleep(enrichment.probe_ms + 1_000)
        expect(yield* scene.health).toMatchObject({ status: "ok", detail: "" })
        expect((yield* enrich(scene.enricher, epp(scene))).length).toBeGreaterThan(0)
      }),
    ))

  test("may come as a 200 with errors", () =>
    withEnricher(
      {
        faults: [faultOn("/alerts", { status: 200, body: '{"errors":[{"code":403,"message":"no"}],"resources":[]}' })],
      },
      few,
      (scene) =>
        Effect.gen(function* () {
          expect((yield* Effect.flip(enrich(scene.enricher, epp(scene)))).message).toContain("Alerts: Read")
          expect((yield* scene.health).status).toBe("degraded")
        }),
    ))
})

describe("an answer that makes no sense", () => {
  test("gives up this detection and nothing else", () =>
    withEnricher({ faults: [faultOn("/threatgraph/combined", { status: 200, body: "<html>" })] }, few, (scene) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(enrich(scene.enricher, epp(scene)))
        expect(error.message).toContain("no JSON")
        expect((yield* enrich(scene.enricher, epp(scene))).length).toBeGreaterThan(0)
      }),
    ))
})

describe("an edge type that Falcon refuses", () => {
  test.each([400, 404])("once is asked for again at the next process, and costs no other type anything: %d", (status) =>
    withEnricher(
      {
        templates: 400,
        // One type is refused at one of the two processes.
        faults: [faultOn("/threatgraph/combined", { status }, { skip: 1 })],
      },
      { edge_types: ["child_process", "user", "user_session"] },
      ({ simulator, enricher, calls }) =>
        Effect.gen(function* () {
          const [one, other] = detectionsOf(simulator, "EppDetectionSummaryEvent").filter(
            ({ event }) => event.ProcessId !== undefined,
          )
          expect((yield* enrich(enricher, one)).length).toBeGreaterThan(0)
          expect((yield* calls).edges).toBe(2 * 3)
          expect((yield* enrich(enricher, other)).length).toBeGreaterThan(0)
          expect((yield* calls).edges).toBe(2 * 3 + 2 * 3)
        }),
    ),
  )

  test("at one process after the other is left out, until it is answered again", () => {
    const types = new EdgeTypes(["child_process", "user"])
    for (let n = 1; n < enrichment.refusals_max; n++) types.refuse("user")
    expect(types.choose("pid", false)).toEqual(["child_process", "user"])
    types.learn("pid", "user", 0)
    for (let n = 1; n < enrichment.refusals_max; n++) types.refuse("user")
    expect(types.choose("pid", false)).toEqual(["child_process", "user"])
    types.refuse("user")
    expect(types.choose("pid", false)).toEqual(["child_process"])
  })

  test("is not blamed for a process that Falcon does not know", () =>
    withEnricher({}, {}, (scene) =>
      Effect.gen(function* () {
        scene.simulator.addFault(faultOn("/threatgraph/combined", { status: 404 }, { from_ms: 0, until_ms: 60_000 }))
        expect(yield* enrich(scene.enricher, epp(scene))).toEqual([])
        // Two processes; those that were already under way when it became clear are asked all the same.
        const { edges } = yield* scene.calls
        expect(edges).toBeLessThan(2 * (enrichment.refused_first_max + enrichment.calls_at_once_max))
        yield* Effect.sleep(enrichment.edges_life_ms + 60_000)
        expect((yield* enrich(scene.enricher, epp(scene))).length).toBeGreaterThan(20)
      }),
    ))
})
