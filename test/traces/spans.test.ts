import { describe, expect, test } from "bun:test"
import { Effect, type FileSystem, Option, type Scope, Tracer } from "effect"
import { Tracing } from "../../src/core/telemetry/tracing/spanned.ts"
import { type Ended, makeTracer } from "../../src/core/telemetry/tracing/tracer.ts"
import { quiet, yaml } from "../assets/support.ts"
import { onTestClock } from "../support/effect.ts"
import { makeWorld } from "../support/world.ts"

/** Collects the spans of what runs on a virtual clock. */
const traced = (
  body: (spans: readonly Ended[]) => Effect.Effect<void, unknown, Scope.Scope | FileSystem.FileSystem>,
) => {
  const spans: Ended[] = []
  const tracer = makeTracer({ sampler: "always_on", ratio: 1 }, (span) => spans.push(span))
  const collected = body(spans).pipe(Effect.provideService(Tracer.Tracer, tracer), Effect.provideService(Tracing, true))
  return onTestClock(collected)
}

const named = (spans: readonly Ended[], name: string) => spans.filter((span) => span.name === name)
const seconds = ({ status }: Ended) => Number(status.endTime - status.startTime) / 1e9
const parentOf = (span: Ended) => Option.getOrUndefined(span.parent)?.spanId

describe("spans", () => {
  test("tell each refresh of a session by itself, and lead to the session that lasts for hours", () =>
    traced((spans) =>
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, session_life_s: 3_600 })
        yield* world.start
        yield* world.pass(1.1 * 3_600_000, 60_000)
        const [session] = named(spans, "stream.session")
        expect(session!.attributes.get("akonis.ended_by_falcon")).toBe(true)
        expect(seconds(session!)).toBeGreaterThan(3_000)
        const refreshes = named(spans, "stream.refresh")
        expect(refreshes.length).toBeGreaterThan(1)
        const [refresh] = refreshes
        expect(refresh!.attributes.get("akonis.outcome")).toBe("ok")
        expect(refresh!.traceId).not.toBe(session!.traceId)
        expect(refresh!.links.map(({ span }) => span.spanId)).toEqual([session!.spanId])
        const [call] = named(spans, "falcon streams.refresh")
        expect(parentOf(call!)).toBe(refresh!.spanId)
      }),
    ))

  test("tell a cycle of an inventory with its calls to Falcon and Sekoia", () =>
    traced((spans) =>
      Effect.gen(function* () {
        const world = yield* makeWorld({ ...quiet, hosts: 0, fleet: 250 })
        yield* world.startWith(yaml("device-assets"))
        yield* world.pass(10_000)
        const [cycle] = named(spans, "inventory.cycle")
        expect(Object.fromEntries(cycle!.attributes)).toMatchObject({
          "akonis.tenant": "default",
          "akonis.inventory": "hosts",
          "akonis.sent": 250,
        })
        const within = new Set(spans.filter((span) => parentOf(span) === cycle!.spanId).map(({ name }) => name))
        expect(within).toContain("asset API post")
        expect([...within].some((name) => name.startsWith("falcon "))).toBe(true)
      }),
    ))
})
