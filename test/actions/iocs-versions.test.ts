import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import type { Outcome } from "../../src/core/actions/action.ts"
import { createIndicators } from "../../src/plugins/iocs/create-indicators.ts"
import { findAll } from "../../src/plugins/iocs/find-existing.ts"
import type { Row } from "../../src/plugins/iocs/indicator.ts"
import { pushIocsForDetection } from "../../src/plugins/iocs/push-iocs-for-detection.ts"
import { pushIocsForPrevention } from "../../src/plugins/iocs/push-iocs-for-prevention.ts"
import { act, callsOf, failureOf, violationsOf, withFalcon } from "./support.ts"

const id = "indicator--1d8897a7-fdc2-4e59-afc9-becbe04df727"

/** A version of one STIX object; the clock of the tests says 2026-01-15. */
const version = (more: object = {}) => ({
  type: "indicator",
  id,
  pattern: "[domain-name:value = 'a.example']",
  ...more,
})

const given = (value: string, more: object = {}) => ({
  type: "domain",
  value,
  action: "detect" as const,
  severity: "low" as const,
  platforms: ["windows" as const],
  source: "Sekoia.io",
  ...more,
})

const rowsOf = (outcome: Outcome) =>
  (outcome.resources as readonly Row[]).map(({ value, outcome, reason }) => [value, outcome, reason])
const all = Effect.map(findAll(undefined), ({ indicators }) => indicators)

describe("an object whose valid_until has passed", () => {
  const ended = { valid_until: "2026-01-14T00:00:00Z" }

  test.each([
    ["has no expiration", {}],
    ["ends later", { expiration: "2030-01-01T00:00:00Z" }],
  ])("takes our indicator along when that one %s", (_, more) =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        yield* act(createIndicators, { indicators: [given("a.example", more), given("b.example", more)] })
        const outcome = yield* act(pushIocsForDetection, { stix_objects: [version(ended)] })
        expect(rowsOf(outcome)).toEqual([["a.example", "deleted", "valid_until has passed"]])
        expect(outcome).toMatchObject({ requested: 1, succeeded: 1 })
        expect(yield* all).toMatchObject([{ value: "b.example" }])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ),
  )

  test("leaves somebody else's indicator alone, and ours when another object still names it", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        yield* act(createIndicators, { indicators: [given("a.example", { source: "SOC" }), given("b.example")] })
        const pattern = "[domain-name:value = 'b.example']"
        const outcome = yield* act(pushIocsForDetection, {
          stix_objects: [
            version(ended),
            version({ id: "indicator--2", pattern, ...ended }),
            version({ id: "indicator--3", pattern }),
          ],
        })
        expect(rowsOf(outcome)).toEqual([
          ["b.example", "skipped", "valid_until has passed, but another object still names it"],
          ["a.example", "skipped", 'valid_until has passed, but it is source "SOC"\'s'],
          ["b.example", "updated", undefined],
        ])
        expect(outcome).toMatchObject({ requested: 3, succeeded: 1, skipped: 2 })
      }),
    ))
})

describe("of several versions of one object", () => {
  const old = { modified: "2025-01-01T00:00:00Z" }
  const young = { modified: "2025-06-01T00:00:00.5Z" }
  const superseded = "another version of the same object is newer, or came first"

  for (const [name, order] of [
    ["old, new", [0, 1]],
    ["new, old", [1, 0]],
  ] as const) {
    const sorted = (objects: readonly [unknown, unknown]) => order.map((at) => objects[at])

    test(`the one modified last counts: ${name}`, () =>
      withFalcon({}, () =>
        Effect.gen(function* () {
          const outcome = yield* act(pushIocsForDetection, {
            stix_objects: sorted([
              version({ ...old, valid_until: "2031-01-01T00:00:00Z" }),
              version({ ...young, valid_until: "2035-01-01T00:00:00Z" }),
            ]),
          })
          expect(rowsOf(outcome)).toEqual([
            [undefined, "skipped", superseded],
            ["a.example", "created", undefined],
          ])
          expect(yield* all).toMatchObject([{ expiration: "2035-01-01T00:00:00Z" }])
        }),
      ))

    test(`a revocation counts when it is the last: ${name}`, () =>
      withFalcon({}, () =>
        Effect.gen(function* () {
          yield* act(createIndicators, { indicators: [given("a.example")] })
          const outcome = yield* act(pushIocsForDetection, {
            stix_objects: sorted([version(old), version({ ...young, revoked: true })]),
          })
          expect(rowsOf(outcome)).toEqual([
            [undefined, "skipped", superseded],
            ["a.example", "deleted", "revoked"],
          ])
          expect(yield* all).toEqual([])
        }),
      ))

    test(`and not when it was taken back: ${name}`, () =>
      withFalcon({}, () =>
        Effect.gen(function* () {
          yield* act(pushIocsForDetection, {
            stix_objects: sorted([version({ ...old, revoked: true }), version(young)]),
          })
          expect(yield* all).toMatchObject([{ value: "a.example" }])
        }),
      ))
  }

  test("without any times the revoked one counts", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        yield* act(createIndicators, { indicators: [given("a.example")] })
        yield* act(pushIocsForDetection, { stix_objects: [version(), version({ revoked: true })] })
        expect(yield* all).toEqual([])
      }),
    ))

  test.each(["true", "True ", 1])("revoked may be written %p", (revoked) =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        yield* act(createIndicators, { indicators: [given("a.example")] })
        yield* act(pushIocsForDetection, { stix_objects: [version({ revoked })] })
        expect(yield* all).toEqual([])
      }),
    ),
  )
})

describe("a push that can use nothing", () => {
  test("is no success: it sends nothing and says why", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const error = yield* failureOf(pushIocsForPrevention, {
          stix_objects: [
            { type: "bundle", id: "bundle--1", objects: [version()] },
            version(),
            version({ id: "indicator--2", revoked: "perhaps" }),
          ],
        })
        expect(error).toMatchObject({ _tag: "ArgumentError", field: "stix_objects" })
        expect(error.message).toBe(
          "nothing was done: none of the 3 objects or values can be used (bundle--1: a bundle, not an indicator: give the " +
            `objects in it; ${id}: domain is not taken, only md5, sha256; indicator--2: revoked is neither true nor false)`,
        )
        expect(yield* callsOf(simulator)).toEqual([])
      }),
    ))

  test("is one when there was nothing to push: what expired is removed all the same", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        yield* act(createIndicators, { indicators: [given("a.example", { expiration: "2026-01-15T00:01:00Z" })] })
        yield* Effect.sleep(120_000)
        expect(yield* act(pushIocsForDetection, { stix_objects: [] })).toMatchObject({ requested: 1, succeeded: 1 })
        expect(yield* all).toEqual([])
      }),
    ))
})
