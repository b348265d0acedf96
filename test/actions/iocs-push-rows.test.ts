import { describe, expect, test } from "bun:test"
import { Effect, Layer } from "effect"
import { Falcon } from "../../src/core/falcon/client.ts"
import { FalconError } from "../../src/core/falcon/errors.ts"
import { createIndicators } from "../../src/plugins/iocs/create-indicators.ts"
import { createOperation } from "../../src/plugins/iocs/indicator.ts"
import { pushIocsForDetection } from "../../src/plugins/iocs/push-iocs-for-detection.ts"
import { pushIocsForPrevention } from "../../src/plugins/iocs/push-iocs-for-prevention.ts"
import { all, given, hash, rowsOf, stix } from "./indicators.ts"
import { act, callsOf, dryRun, failureOf, faultOn, violationsOf, withFalcon } from "./support.ts"

const path = "/iocs/entities/indicators/v1"

describe("5000 STIX objects", () => {
  const stix_objects = Array.from({ length: 5_000 }, (_, n) => stix(n))
  const methods = (calls: readonly { method: string }[]) => calls.map(({ method }) => method).join(" ")

  test(
    "take 5 calls when they are new, 8 when they exist",
    () =>
      withFalcon({}, (simulator) =>
        Effect.gen(function* () {
          const first = yield* act(pushIocsForPrevention, { stix_objects })
          expect(first).toMatchObject({ requested: 5_000, succeeded: 5_000, failed: 0 })
          // The expired, the count; then rows.
          const calls = yield* callsOf(simulator)
          expect(methods(calls)).toBe("GET GET POST POST POST")
          const second = yield* act(pushIocsForPrevention, { stix_objects })
          expect(second).toMatchObject({ requested: 5_000, succeeded: 5_000, failed: 0 })
          expect(rowsOf(second).every(({ outcome }) => outcome === "updated")).toBe(true)
          expect(methods((yield* callsOf(simulator)).slice(calls.length))).toBe("GET GET GET GET GET PATCH PATCH PATCH")
          expect(violationsOf(simulator)).toEqual([])
        }),
      ),
    60_000,
  )

  test(
    "look values up when the customer has far more indicators",
    () =>
      withFalcon({}, (simulator) =>
        Effect.gen(function* () {
          yield* act(createIndicators, { indicators: Array.from({ length: 8_000 }, (_, n) => given(n)) })
          const before = (yield* callsOf(simulator)).length
          yield* act(pushIocsForPrevention, { stix_objects: stix_objects.slice(0, 600) })
          // 600 values are four filters; 8000 indicators would be four pages.
          expect(methods((yield* callsOf(simulator)).slice(before))).toBe("GET GET GET GET GET GET PATCH")
          expect(violationsOf(simulator)).toEqual([])
        }),
      ),
    60_000,
  )
})

/**
 * The real client, except that somebody else creates these indicators between our look and our first row. `silently`:
 * Falcon's refusals do not say which row they are about.
 */
const overtaken = (indicators: readonly ReturnType<typeof given>[], silently = false) =>
  Layer.effect(
    Falcon,
    Effect.gen(function* () {
      const falcon = yield* Falcon
      let done = false
      const request: (typeof falcon)["request"] = (operation) =>
        Effect.gen(function* () {
          if (operation.name === "iocs.create" && !done) {
            done = true
            const rows = indicators.map((one) => ({ ...one, applied_globally: true }))
            yield* falcon.request(createOperation(rows))
          }
          return yield* falcon.request(operation)
        }).pipe(
          Effect.mapError((error) =>
            silently && error.reason === "rejected"
              ? new FalconError({ ...error, resources: [], errors: [{ code: 400, message: "bad request" }] })
              : error,
          ),
        )
      return Falcon.of({ pages: falcon.pages, request })
    }),
  )

describe("a bad row", () => {
  const stixOf = (count: number) => Array.from({ length: count }, (_, n) => stix(n))
  const postsOf = (calls: readonly { method: string }[]) => calls.filter(({ method }) => method === "POST").length - 1

  test("never fails the rest, when Falcon says which it is", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const push = act(pushIocsForPrevention, { stix_objects: stixOf(50) })
        const outcome = yield* Effect.provide(push, overtaken([given(7), given(49)]))
        expect(outcome).toMatchObject({ succeeded: 48, failed: 2 })
        expect(outcome.errors).toMatchObject([
          { id: `sha256:${hash(7)}`, code: 400, message: expect.stringContaining("Duplicate type") },
          { id: `sha256:${hash(49)}`, code: 400 },
        ])
        expect(postsOf(yield* callsOf(simulator))).toBe(2)
      }),
    ))

  test(
    "is found by halving when Falcon does not say",
    () =>
      withFalcon({}, (simulator) =>
        Effect.gen(function* () {
          const push = act(pushIocsForPrevention, { stix_objects: stixOf(2_000) })
          const outcome = yield* Effect.provide(push, overtaken([given(1_234)], true))
          expect(outcome).toMatchObject({ succeeded: 1_999, failed: 1 })
          expect(outcome.errors).toEqual([{ id: `sha256:${hash(1_234)}`, code: 400, message: "bad request" }])
          expect(postsOf(yield* callsOf(simulator))).toBeLessThanOrEqual(23)
          expect(yield* all).toHaveLength(2_000)
        }),
      ),
    60_000,
  )

  test(
    "among bad ones only ends in a bounded number of calls",
    () =>
      withFalcon({}, (simulator) =>
        Effect.gen(function* () {
          const push = act(pushIocsForPrevention, { stix_objects: stixOf(1_000) })
          const some = Array.from({ length: 1_000 }, (_, n) => given(n))
          const outcome = yield* Effect.provide(push, overtaken(some, true))
          expect(outcome).toMatchObject({ succeeded: 0, failed: 1_000 })
          expect(postsOf(yield* callsOf(simulator))).toBeLessThanOrEqual(230)
        }),
      ),
    60_000,
  )
})

describe("a push that cannot be", () => {
  test("read Falcon changes nothing and fails", () =>
    withFalcon({ api_scopes: ["IOC Management: Write"] }, (simulator) =>
      Effect.gen(function* () {
        const error = yield* failureOf(pushIocsForPrevention, { stix_objects: [stix(1)] })
        expect(error).toMatchObject({ reason: "forbidden", scopes: ["IOC Management: Read"] })
        expect(yield* callsOf(simulator)).toHaveLength(1)
      }),
    ))

  test("write fails, and does not go on trying", () =>
    withFalcon({ faults: [faultOn(path, { status: 403 }, { count: 99 })] }, (simulator) =>
      Effect.gen(function* () {
        const stix_objects = Array.from({ length: 5_000 }, (_, n) => stix(n))
        expect(yield* failureOf(pushIocsForPrevention, { stix_objects })).toMatchObject({ reason: "forbidden" })
        expect((yield* callsOf(simulator)).filter(({ method }) => method === "POST")).toHaveLength(1)
      }),
    ))

  test(
    "know what became of a group goes on with the next",
    () =>
      withFalcon({ faults: [faultOn(path, { status: 500 })] }, () =>
        Effect.gen(function* () {
          const stix_objects = Array.from({ length: 2_500 }, (_, n) => stix(n))
          const outcome = yield* act(pushIocsForPrevention, { stix_objects })
          expect(outcome).toMatchObject({ succeeded: 500, failed: 2_000 })
          expect(outcome.errors[0]!.message).toContain("may or may not have been carried out")
        }),
      ),
    30_000,
  )

  test("sent for real sends nothing at all", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const planned = yield* dryRun(pushIocsForDetection, { stix_objects: [stix(1)], valid_for: 7 })
        expect(planned.map(({ method, url }) => `${method} ${new URL(url).searchParams.get("filter") ?? ""}`)).toEqual([
          "GET source:'Sekoia.io'+expired:true",
          "GET source:'Sekoia.io'+modified_on:<='2026-01-08'",
          `GET type:'sha256'+value:'${hash(1)}'`,
          "POST ",
        ])
        expect(yield* callsOf(simulator)).toEqual([])
      }),
    ))
})
