import { expect, test } from "bun:test"
import { Clock, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { onTestClock } from "../../../test/support/effect.ts"
import { Http, type HttpAnswer } from "../../core/http/client/http.ts"
import { openBucket } from "./bucket.ts"
import type { Settings } from "./settings.ts"

const values: Readonly<Record<string, string>> = {
  aws_bucket_name: "b",
  aws_default_region: "eu-west-3",
  aws_access_key_id: "an-access-key",
}
const settings = {
  text: (name: string) => Effect.succeed(values[name]),
  required: (name: string) => Effect.succeed(values[name] ?? ""),
  secret: () => Effect.succeed("a-secret-access-key"),
} as unknown as Settings

/** The bucket at a store that answers with these, one after the other. */
const bucketAt = (
  ...answers: readonly (Omit<HttpAnswer, "headers"> & { readonly headers?: Record<string, string> })[]
) => {
  const left = [...answers]
  const send = () =>
    Effect.sync((): HttpAnswer => {
      const { headers = {}, ...answer } = left.shift() ?? { status: 200, text: "" }
      return { ...answer, headers: new Headers(headers) }
    })
  const http = Layer.succeed(Http, { send, open: () => Effect.die("no feed") })
  return Effect.provide(openBucket(settings), http)
}

/** Runs an effect while virtual time passes; gives its result and how long it took. */
const passing = Effect.fnUntraced(function* <A, E>(effect: Effect.Effect<A, E>) {
  const began_ms = yield* Clock.currentTimeMillis
  const fiber = yield* Effect.forkChild(Effect.result(effect))
  while (fiber.pollUnsafe() === undefined) {
    // Signing takes turns of the event loop and no time.
    yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
    if (fiber.pollUnsafe() === undefined) yield* TestClock.adjust(1_000)
  }
  return { result: yield* Fiber.join(fiber), took_ms: (yield* Clock.currentTimeMillis) - began_ms }
})

test("a store is not asked again before the time that it names", () =>
  onTestClock(
    Effect.gen(function* () {
      const bucket = yield* bucketAt(
        { status: 503, text: "<Error><Code>SlowDown</Code></Error>", headers: { "retry-after": "40" } },
        { status: 200, text: "{}" },
      )
      const { result, took_ms } = yield* passing(bucket.get("cache.json"))
      expect(result).toMatchObject({ _tag: "Success", success: "{}" })
      expect(took_ms).toBeGreaterThanOrEqual(40_000)
    }),
  ))

test("a page in the store's place has taken no object", () =>
  onTestClock(
    Effect.gen(function* () {
      const bucket = yield* bucketAt({ status: 200, text: "<!doctype html><title>Sign in</title>" })
      const { result } = yield* passing(bucket.put("cache.json", "{}"))
      expect(result).toMatchObject({ _tag: "Failure", failure: { reason: "unwritable" } })
    }),
  ))

const listed = (inside: string, end = "</ListBucketResult>") => ({
  status: 200,
  text: `<ListBucketResult><Contents><Key>app-id</Key></Contents>${inside}${end}`,
})
const more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"

test.each([
  ["says that there is more, and not how to go on", [listed("<IsTruncated>true</IsTruncated>")]],
  ["is cut", [listed("", "")]],
  ["goes round in circles", [listed(more), listed(more)]],
] as const)("a list that %s is not taken for all objects: a position would be missing", (_, answers) =>
  onTestClock(
    Effect.gen(function* () {
      const bucket = yield* bucketAt(...answers)
      const { result } = yield* passing(bucket.list)
      expect(result).toMatchObject({ _tag: "Failure", failure: { reason: "unreadable" } })
    }),
  ),
)

test("a list is followed to its end", () =>
  onTestClock(
    Effect.gen(function* () {
      const bucket = yield* bucketAt(listed(more), listed("<IsTruncated>false</IsTruncated>"))
      const { result } = yield* passing(bucket.list)
      expect(result).toMatchObject({ _tag: "Success", success: ["app-id", "app-id"] })
    }),
  ))
