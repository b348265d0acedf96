/** What Falcon's answers to writes are believed, and what not. */
import { describe, expect, test } from "bun:test"
import { Effect, Layer } from "effect"
import { type Envelope, Falcon } from "../../src/core/falcon/client.ts"
import { FalconError } from "../../src/core/falcon/errors.ts"
import type { Operation } from "../../src/core/falcon/operation.ts"
import { blockIoc } from "../../src/plugins/iocs/block-ioc.ts"
import { createIndicators } from "../../src/plugins/iocs/create-indicators.ts"
import { findAll } from "../../src/plugins/iocs/find-existing.ts"
import { pushIocsForDetection } from "../../src/plugins/iocs/push-iocs-for-detection.ts"
import { updateIndicators } from "../../src/plugins/iocs/update-indicators.ts"
import { act, callsOf, failureOf, withFalcon } from "./support.ts"

const hash = (n: number) => n.toString(16).padStart(64, "0")
const row = (n: number, more: object = {}) => ({
  type: "sha256",
  value: hash(n),
  action: "detect" as const,
  severity: "high" as const,
  platforms: ["windows" as const],
  source: "Sekoia.io",
  ...more,
})
const all = Effect.map(findAll(undefined), ({ indicators }) => indicators)

/** The real client, whose answers to one kind of call are changed on their way back; or its requests kept back. */
const answering = (
  name: string,
  change: (answer: Envelope) => Envelope | FalconError,
  sent: (operation: Operation) => Operation = (operation) => operation,
) =>
  Layer.effect(
    Falcon,
    Effect.map(Falcon, (falcon) =>
      Falcon.of({
        pages: falcon.pages,
        request: (operation) =>
          operation.name !== name
            ? falcon.request(operation)
            : Effect.flatMap(falcon.request(sent(operation)), (answer) => {
                const changed = change(answer)
                return changed instanceof FalconError ? Effect.fail(changed) : Effect.succeed(changed)
              }),
      }),
    ),
  )

/** Only some rows reach Falcon. */
const only =
  (keep: (value: unknown) => boolean) =>
  (operation: Operation): Operation => {
    const { indicators } = operation.body as { indicators: { value?: unknown }[] }
    return { ...operation, body: { indicators: indicators.filter(({ value }) => keep(value)) } }
  }

/** Another row reaches Falcon instead. */
const other = (operation: Operation): Operation => ({
  ...operation,
  body: { indicators: [{ ...row(9), applied_globally: true }] },
})

/** On Windows only, whatever was asked for. */
const onWindows = (operation: Operation): Operation => {
  const { indicators } = operation.body as { indicators: object[] }
  return { ...operation, body: { indicators: indicators.map((one) => ({ ...one, platforms: ["windows"] })) } }
}

describe("a 201", () => {
  test("with a row that is an error names it, and does not count it as created", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const complaint = {
          row: 2,
          type: "sha256",
          value: hash(2),
          field_name: "value",
          message: "over the limit of 1000000 indicators",
          message_type: "error",
        }
        const partly = answering(
          "iocs.create",
          (answer) => ({ ...answer, resources: [...answer.resources, complaint] }),
          only((value) => value !== hash(2)),
        )
        const create = act(createIndicators, { indicators: [row(1), row(2), row(3)] })
        const outcome = yield* Effect.provide(create, partly)
        expect(outcome).toMatchObject({ requested: 3, succeeded: 2, failed: 1 })
        expect(outcome.errors).toEqual([
          { id: `sha256:${hash(2)}`, code: 400, message: "indicators.1: over the limit of 1000000 indicators" },
        ])
      }),
    ))

  test.each([
    ["its row echoed", { type: "sha256", value: hash(2), id: "", message_type: "error", message: "no" }],
    ["an error field", { type: "sha256", value: hash(2), error: "no" }],
    ["errors of its own", { type: "sha256", value: hash(2), id: hash(99), errors: [{ code: 400, message: "no" }] }],
  ])("tells the reason of a single refused row: %s", (_, complaint) =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const refusing = answering("iocs.create", (answer) => ({ ...answer, resources: [complaint] }), other)
        const error = yield* Effect.flip(
          Effect.provide(
            Effect.flatMap(act(createIndicators, { indicators: [row(2)] }), (outcome) => Effect.fail(outcome)),
            refusing,
          ),
        )
        expect(error).toMatchObject({ succeeded: 0, failed: 1, errors: [{ code: 400, message: "indicators.0: no" }] })
      }),
    ),
  )

  test("with one error and one row missing is about that row", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const partly = answering(
          "iocs.create",
          (answer) => ({ ...answer, errors: [{ code: 409, message: "too many" }] }),
          only((value) => value !== hash(2)),
        )
        const outcome = yield* Effect.provide(act(createIndicators, { indicators: [row(1), row(2)] }), partly)
        expect(outcome).toMatchObject({ succeeded: 1, errors: [{ code: 409, message: "indicators.1: too many" }] })
      }),
    ))

  test("that says nothing is looked up: what is there as it was sent is done, the rest is unconfirmed", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const silent = answering(
          "iocs.create",
          (answer) => ({ ...answer, resources: [] }),
          only((value) => value !== hash(2)),
        )
        const outcome = yield* Effect.provide(act(createIndicators, { indicators: [row(1), row(2)] }), silent)
        expect(outcome).toMatchObject({ succeeded: 1, failed: 1, resources: [{ value: hash(1) }] })
        expect(outcome.errors).toEqual([
          {
            id: `sha256:${hash(2)}`,
            code: 201,
            message: "indicators.1: Falcon answered 201 without saying what became of it",
            outcome: "unconfirmed",
          },
        ])
      }),
    ))

  test("that applies less than was asked for says what", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const less = answering("iocs.create", (answer) => answer, onWindows)
        const create = act(createIndicators, { indicators: [row(1, { platforms: ["mac", "windows"] }), row(2)] })
        const outcome = yield* Effect.provide(create, less)
        expect(outcome).toMatchObject({ succeeded: 1, failed: 1 })
        expect(outcome.errors).toEqual([
          {
            id: `sha256:${hash(1)}`,
            code: 201,
            message: "indicators.0: Falcon has it, but with platforms windows instead of mac, windows",
            outcome: "unconfirmed",
          },
        ])
      }),
    ))
})

describe("a change without an answer", () => {
  test("counts as done when Falcon has it as it was sent", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        yield* act(createIndicators, { indicators: [row(1)] })
        const [one] = yield* all
        const lost = answering(
          "iocs.update",
          () =>
            new FalconError({
              reason: "outcome_unknown",
              operation: "iocs.update",
              errors: [],
              scopes: [],
              message: "the connection broke",
            }),
        )
        const change = { id: one!.id, action: "prevent" as const, severity: "critical" as const }
        const outcome = yield* Effect.provide(act(updateIndicators, { indicators: [change] }), lost)
        expect(outcome).toMatchObject({ succeeded: 1, resources: [{ action: "prevent" }] })
      }),
    ))
})

describe("a row with a key that Falcon does not have", () => {
  test.each([
    ["a typo", { severty: "high" }],
    ["a flag of the call", { ignore_warnings: true }],
    ["metadata of its own", { metadata: { filename: "a", file: "b" } }],
  ])("is refused by name: %s", (_, more) => {
    const key = Object.keys(more)[0]!
    for (const parsed of [
      createIndicators.arguments.safeParse({ indicators: [row(1, more)] }),
      updateIndicators.arguments.safeParse({ indicators: [{ id: "x", ...more }] }),
    ]) {
      expect(parsed.success).toBe(false)
      expect(JSON.stringify(parsed.error)).toContain(key)
    }
  })
})

describe("blocking an address", () => {
  const address = { value: "203.0.113.7", type: "ipv4" as const }

  test("detects it, and says so, since Falcon cannot prevent it", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const outcome = yield* act(blockIoc, { value: "203.0.113.7/32", type: "ipv4" })
        expect(outcome.resources).toMatchObject([
          { ...address, outcome: "created", reason: "detected: Falcon cannot prevent ipv4 on mac, windows, linux" },
        ])
        expect(yield* all).toMatchObject([{ ...address, action: "detect" }])
        expect((yield* callsOf(simulator)).map(({ path }) => path)[0]).toBe("/iocs/entities/actions/v1")
      }),
    ))

  test("is refused with the word that works when prevent is asked for", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const error = yield* failureOf(blockIoc, { ...address, action: "prevent", platforms: ["windows"] })
        expect(error).toMatchObject({ _tag: "ArgumentError", field: "action" })
        expect(error.message).toBe("Falcon cannot prevent ipv4 on windows; what works: no_action, detect")
        expect(yield* all).toEqual([])
      }),
    ))

  test("prevents it where Falcon can by now, and names the platforms where it cannot", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const platforms_by_type = { ipv4: ["Windows"], md5: ["windows"] }
        const newer = answering("iocs.actions", (answer) => ({
          ...answer,
          resources: [
            { id: "prevent", platforms_by_type, severities: [] },
            { id: "detect", platforms_by_type: { ipv4: ["windows", "mac", "linux"] }, severities: [] },
          ],
        }))
        const error = yield* Effect.flip(Effect.provide(act(blockIoc, { ...address, action: "prevent" }), newer))
        expect(error.message).toBe("Falcon cannot prevent ipv4 on mac, linux; what works: detect")
      }),
    ))

  test("is detected when Falcon does not say what is possible; what was asked for is Falcon's to judge", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const silent = answering("iocs.actions", (answer) => ({ ...answer, resources: [] }))
        const left = yield* Effect.provide(act(blockIoc, address), silent)
        expect(left.resources).toMatchObject([
          { reason: expect.stringContaining("detected, not prevented: Falcon did not say") },
        ])
        const asked = yield* Effect.flip(
          Effect.provide(act(blockIoc, { ...address, value: "203.0.113.8", action: "prevent" }), silent),
        )
        expect(JSON.stringify(asked)).toContain("is not supported for ipv4")
      }),
    ))
})

describe("deleting", () => {
  /** Falcon's filter is broken: it gives everything there is. */
  const unfiltered = Layer.effect(
    Falcon,
    Effect.map(Falcon, (falcon) => {
      const open = (operation: Operation): Operation =>
        operation.name === "iocs.find" ? { ...operation, query: { ...operation.query, filter: undefined } } : operation
      return Falcon.of({
        request: (operation) => falcon.request(open(operation)),
        pages: (operation, options) => falcon.pages(open(operation), options),
      })
    }),
  )

  test("spares the indicators of others, and ours that nobody named, when Falcon's filter is wrong", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const expiration = "2026-01-15T00:01:00Z"
        yield* act(createIndicators, {
          indicators: [
            row(1, { source: "SOC" }),
            row(2, { source: "SOC", expiration }),
            row(3, { source: "sekoia.io" }),
            row(4),
            row(5, { expiration }),
            row(6),
          ],
        })
        yield* Effect.sleep(120_000)
        const pattern = (n: number) => `[file:hashes.'SHA-256' = '${hash(n)}']`
        const push = act(pushIocsForDetection, {
          stix_objects: [
            { type: "indicator", id: "indicator--1", pattern: pattern(1), revoked: true },
            { type: "indicator", id: "indicator--6", pattern: pattern(6), valid_until: "2026-01-14T00:00:00Z" },
          ],
          valid_for: 30,
        })
        const outcome = yield* Effect.provide(push, unfiltered)
        expect(outcome.errors).toEqual([])
        expect((yield* all).map(({ value }) => value)).toEqual([hash(1), hash(2), hash(3), hash(4)])
      }),
    ))
})
