import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import type { Outcome } from "../../src/core/actions/action.ts"
import { createIndicators } from "../../src/plugins/iocs/create-indicators.ts"
import { pushIocsForDetection } from "../../src/plugins/iocs/push-iocs-for-detection.ts"
import { pushIocsForPrevention } from "../../src/plugins/iocs/push-iocs-for-prevention.ts"
import { all, day_ms, given, hash, ours, rowsOf, stix } from "./indicators.ts"
import { act, callsOf, violationsOf, withFalcon } from "./support.ts"

const outcomesOf = (outcome: Outcome) => rowsOf(outcome).map((row) => `${row.outcome} ${row.stix_id ?? row.value}`)

describe("a push", () => {
  test("creates what the STIX objects name, and says what it skips", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const stix_objects = [
          stix(1, { x_ic_observable_types: ["file"], valid_until: "2027-01-01T00:00:00Z" }),
          stix(2),
          stix(3, { valid_until: "2026-01-14T00:00:00Z" }),
          stix(2, { id: "indicator--again" }),
          { ...stix(4), pattern: "[ipv4-addr:value = '203.0.113.7']" },
          { ...stix(5), pattern: "[file:hashes.MD5 =" },
          { ...stix(6), pattern_type: "sigma" },
          { ...stix(7), pattern: undefined },
          { type: "identity", id: "identity--1" },
          null,
          stix(8, { valid_until: "tomorrow" }),
        ]
        const outcome = yield* act(pushIocsForPrevention, { stix_objects, sekoia_base_url: "https://eu.example/" })
        expect(outcome).toMatchObject({ errors: [], requested: 11, succeeded: 2, failed: 0, skipped: 9 })
        const reasons = rowsOf(outcome).flatMap(({ stix_id, reason }) => (reason ? [`${stix_id}: ${reason}`] : []))
        expect(reasons).toEqual([
          "indicator--again: the same as in indicator--2",
          "indicator--4: ipv4 is not taken, only md5, sha256",
          "indicator--5: malformed pattern: expected a literal, found the end",
          "indicator--6: its pattern is not written in STIX",
          "indicator--7: has no pattern",
          "identity--1: not an indicator",
          "undefined: not an object",
          "indicator--8: valid_until is no date",
          "indicator--3: valid_until has passed, and not in Falcon",
        ])
        const made = yield* all
        expect(made).toMatchObject([
          {
            value: hash(1),
            action: "prevent",
            severity: "high",
            platforms: ["mac", "windows", "linux"],
            tags: ["Sekoia.io"],
            source: "Sekoia.io",
            applied_globally: true,
            description: "https://eu.example/intelligence/objects/indicator--1",
            expiration: "2027-01-01T00:00:00Z",
          },
          { value: hash(2) },
        ])
        expect(made[1]).not.toHaveProperty("description")
        expect(outcomesOf(outcome).slice(-2)).toEqual(["created indicator--1", "created indicator--2"])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("for detection takes addresses and domains as well", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const pattern =
          "[ipv4-addr:value = '203.0.113.7' OR ipv6-addr:value = '2001:DB8::1' OR domain-name:value = 'A.example']"
        yield* act(pushIocsForDetection, { stix_objects: [stix(1), stix(2, { pattern })] })
        expect((yield* all).map(({ type, value, action }) => `${type} ${value} ${action}`)).toEqual([
          `sha256 ${hash(1)} detect`,
          "ipv4 203.0.113.7 detect",
          "ipv6 2001:db8::1 detect",
          "domain a.example detect",
        ])
      }),
    ))

  test("changes what exists, never weakens it, and leaves exceptions of others alone", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        yield* act(createIndicators, {
          indicators: [
            given(1, ours),
            given(2, { ...ours, action: "prevent" }),
            given(3),
            given(4, { action: "prevent" }),
            given(5, { action: "allow" }),
            given(6, { action: "no_action" }),
          ],
        })
        const outcome = yield* act(pushIocsForDetection, {
          stix_objects: [1, 2, 3, 4, 5, 6, 7].map((n) => stix(n, { valid_until: "2027-01-01T00:00:00Z" })),
        })
        expect(rowsOf(outcome).map(({ outcome, reason }) => [outcome, reason])).toEqual([
          ["skipped", 'source "SOC" has it with action detect; not on mac, linux'],
          ["skipped", 'source "SOC" has it with action prevent; not on mac, linux'],
          ["skipped", 'source "SOC" has it with action allow'],
          ["updated", undefined],
          ["updated", "kept its stronger action prevent"],
          ["updated", 'source "SOC" had it with action no_action, now detect; not on mac, linux'],
          ["created", undefined],
        ])
        const expiration = "2027-01-01T00:00:00Z"
        expect((yield* all).map((one) => [one.action, one.source, one.severity, one.expiration])).toEqual([
          ["detect", "Sekoia.io", "high", expiration],
          ["prevent", "Sekoia.io", "high", expiration],
          ["detect", "SOC", "low", undefined],
          ["prevent", "SOC", "low", undefined],
          ["allow", "SOC", "low", undefined],
          ["detect", "SOC", "high", expiration],
          ["detect", "Sekoia.io", "high", expiration],
        ])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("deletes revoked ones of ours only, and skips unknown ones", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        yield* act(createIndicators, { indicators: [given(1, ours), given(2), given(4, ours)] })
        const outcome = yield* act(pushIocsForPrevention, {
          stix_objects: [
            ...[1, 2, 3].map((n) => stix(n, { revoked: true })),
            stix(4, { revoked: true, id: "indicator--old" }),
            stix(4),
          ],
        })
        expect(rowsOf(outcome).map(({ value, outcome, reason }) => [value, outcome, reason])).toEqual([
          [hash(4), "skipped", "revoked, but another object still names it"],
          [hash(2), "skipped", 'revoked, but it is source "SOC"\'s'],
          [hash(3), "skipped", "revoked, and not in Falcon"],
          [hash(1), "deleted", "revoked"],
          [hash(4), "updated", undefined],
        ])
        expect((yield* all).map(({ value }) => value)).toEqual([hash(2), hash(4)])
      }),
    ))

  test(
    "removes what expired, and with valid_for what grew old; of ours, and not what comes again",
    () =>
      withFalcon({}, (simulator) =>
        Effect.gen(function* () {
          const expiration = "2026-01-16T00:00:00Z"
          const many = Array.from({ length: 2_600 }, (_, n) => given(1_000 + n, { ...ours, expiration }))
          yield* act(createIndicators, {
            indicators: [
              given(1, ours),
              given(2, ours),
              given(3),
              given(4, { expiration }),
              given(5, { ...ours, expiration }),
            ],
          })
          yield* act(createIndicators, { indicators: many })
          yield* TestClock.adjust(10 * day_ms)
          yield* act(createIndicators, { indicators: [given(6, ours)] })
          const before = (yield* callsOf(simulator)).length
          const outcome = yield* act(pushIocsForDetection, { stix_objects: [stix(2), stix(5)], valid_for: 5 })
          expect(outcome.errors).toEqual([])
          expect((yield* all).map(({ value, expired }) => [value, expired])).toEqual([
            [hash(2), false],
            [hash(3), false],
            [hash(4), true],
            [hash(6), false],
            [hash(5), false],
          ])
          expect(rowsOf(outcome).filter(({ outcome }) => outcome === "deleted")).toHaveLength(2_602)
          const calls = (yield* callsOf(simulator)).slice(before)
          // 2601 expired are two pages, ours of that age two; one lookup; fourteen deletes of 188; one change, one new.
          expect(calls.map(({ method }) => method).slice(0, 21)).toEqual([
            ...Array(5).fill("GET"),
            ...Array(14).fill("DELETE"),
            "PATCH",
            "POST",
          ])
          expect(violationsOf(simulator)).toEqual([])
        }),
      ),
    30_000,
  )
})
