/** What becomes of spans that a collector does not take. */
import { expect, test } from "bun:test"
import { Effect, Exit, Metric, Scope } from "effect"
import { startExporter } from "../../src/core/telemetry/tracing/exporter.ts"
import { tracing as limits } from "../../src/core/telemetry/tracing/limits.ts"
import { makeTracer } from "../../src/core/telemetry/tracing/tracer.ts"
import { onTestClock } from "../support/effect.ts"
import { makeMemoryDisk } from "../support/memory-disk.ts"
import { layerWire, pass } from "../support/world.ts"

const origin = { url: "http://collector.test/v1/traces", headers: undefined, service_name: "akonis", version: "0" }

/** Ends so many spans, lets a collector answer, and ends the process; gives how many were counted as what. */
const counted = (spans: number, answer: () => Promise<Response>) =>
  Effect.gen(function* () {
    const before = yield* outcomes
    const scope = yield* Scope.make()
    const add = yield* startExporter(origin).pipe(Scope.provide(scope))
    const tracer = makeTracer({ sampler: "always_on", ratio: 1 }, add)
    for (let n = 0; n < spans; n++) yield* Effect.withTracer(Effect.withSpan(Effect.void, "batch"), tracer)
    yield* pass(limits.post_every_ms)
    const end = yield* Effect.forkDetach(Scope.close(scope, Exit.void))
    yield* pass(limits.close_ms_max)
    // The process does not wait for a collector any longer.
    expect(end.pollUnsafe()).toEqual(Exit.void)
    const after = yield* outcomes
    return { exported: after.exported - before.exported, dropped: after.dropped - before.dropped }
  }).pipe(Effect.provide([layerWire(answer), makeMemoryDisk().layer]))

const outcomes = Effect.map(Metric.snapshot, (series) => {
  const of = (outcome: string) =>
    series
      .filter(({ id, attributes }) => id === "akonis_spans_total" && attributes?.outcome === outcome)
      .reduce((sum, { state }) => sum + Number((state as { readonly count: number }).count), 0)
  return { exported: of("exported"), dropped: of("dropped") }
})

test.each([
  ["takes all", async () => Response.json({}), { exported: 512, dropped: 0 }],
  ["rejects two", async () => Response.json({ partialSuccess: { rejectedSpans: "2" } }), { exported: 510, dropped: 2 }],
  [
    "rejects all",
    async () => Response.json({ partialSuccess: { rejectedSpans: 9_999 } }),
    { exported: 0, dropped: 512 },
  ],
  ["is a wall that answers 200", async () => new Response("<html>"), { exported: 0, dropped: 512 }],
  ["hangs until the process ends", () => new Promise<Response>(() => {}), { exported: 0, dropped: 512 }],
] as const)("every span is counted, as exported or as dropped, where a collector %s", (_, answer, expected) =>
  onTestClock(
    Effect.gen(function* () {
      expect(yield* counted(limits.spans_per_post_max, answer)).toEqual(expected)
    }),
  ),
)
