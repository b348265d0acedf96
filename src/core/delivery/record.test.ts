import { expect, test } from "bun:test"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { StoreError } from "../errors.ts"
import { Health } from "../telemetry/health.ts"
import { outage } from "./limits.ts"
import { untilStored } from "./record.ts"

test("a write that the disk does not answer is told in health while it waits, and no longer than it does", () =>
  Effect.gen(function* () {
    const health = yield* Health
    const cell = yield* health.cell("stream", "commits")
    yield* health.started("stream")
    const word = Effect.map(health.report, ({ plugins }) => plugins.stream)
    const done = yield* Deferred.make<void, StoreError>()
    const storing = yield* Effect.forkChild(untilStored(Deferred.await(done), cell))
    yield* TestClock.adjust(outage.unanswered_ms_max - 1)
    expect(yield* word).toMatchObject({ status: "ok" })
    yield* TestClock.adjust(1)
    const detail = "the data folder: no answer to a write for more than 10 s; no offset moves"
    expect(yield* word).toMatchObject({ status: "degraded", detail: expect.stringContaining(detail) })
    yield* Deferred.succeed(done, undefined)
    yield* Fiber.join(storing)
    expect(yield* word).toMatchObject({ status: "ok" })
    yield* TestClock.adjust(outage.unanswered_ms_max)
    expect(yield* word).toMatchObject({ status: "ok" })
  }).pipe(Effect.scoped, Effect.provide([Health.layer(["stream"]), TestClock.layer()]), Effect.runPromise))
