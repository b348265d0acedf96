/** A push against a Falcon whose filters do not do what they say: nothing is deleted or changed that is not certainly ours to. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import type { Simulator } from "../../simulator/simulator.ts"
import { createIndicators } from "../../src/plugins/iocs/create-indicators.ts"
import type { Indicator, Row } from "../../src/plugins/iocs/indicator.ts"
import { pushIocsForDetection } from "../../src/plugins/iocs/push-iocs-for-detection.ts"
import { all, day_ms, given, hash, ours, stix } from "./indicators.ts"
import { act, callsOf, withFalcon } from "./support.ts"

const expiration = "2026-01-16T00:00:00Z"

/** The next searches find these, whatever they ask for. */
const find = (
  simulator: Simulator,
  resources: readonly unknown[],
  more: { readonly skip?: number; readonly count: number },
) =>
  simulator.addFault({
    on: "api",
    path: "/iocs/combined/indicator/v1",
    ...more,
    do: { status: 200, body: JSON.stringify({ meta: {}, resources, errors: [] }) },
  })

describe("a push, when Falcon's filter finds everything", () => {
  test("deletes what is ours and expired or old, and nothing else", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        yield* act(createIndicators, {
          indicators: [
            given(1, ours),
            given(2),
            given(3, { expiration }),
            given(4, { ...ours, expiration }),
            given(5, ours),
          ],
        })
        yield* TestClock.adjust(10 * day_ms)
        yield* act(createIndicators, { indicators: [given(6, ours), given(7, ours)] })
        const found = (yield* all).map((one) => (one.value === hash(7) ? { ...one, modified_on: undefined } : one))
        const id_of_5 = found.find(({ value }) => value === hash(5))!.id
        find(simulator, found, { count: 2 })
        const outcome = yield* act(pushIocsForDetection, { stix_objects: [stix(5), stix(9)], valid_for: 5 })
        expect(outcome.errors).toEqual([])
        const rows = outcome.resources as readonly Row[]
        expect(rows.map(({ value, outcome: what }) => [value, what])).toEqual([
          [hash(4), "deleted"],
          [hash(1), "deleted"],
          [hash(5), "updated"],
          [hash(9), "created"],
        ])
        const left = yield* all
        expect(left.map(({ value }) => value).sort()).toEqual([2, 3, 5, 6, 7, 9].map(hash))
        expect(left.find(({ value }) => value === hash(5))!.id).toBe(id_of_5)
      }),
    ))

  test.each<[string, Partial<Indicator>]>([
    ["belongs to the parent customer", { from_parent: true }],
    ["is deleted", { deleted: true }],
  ])("makes an indicator of its own where the one that is found %s", (_, more) =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const existing = { id: "a".repeat(64), type: "sha256", value: hash(1), action: "no_action", ...ours, ...more }
        find(simulator, [existing], { skip: 1, count: 1 })
        const outcome = yield* act(pushIocsForDetection, { stix_objects: [stix(1)] })
        expect(outcome.resources).toMatchObject([{ value: hash(1), outcome: "created" }])
        expect((yield* callsOf(simulator)).filter(({ method }) => method === "PATCH")).toEqual([])
      }),
    ),
  )
})
