import { expect, test } from "bun:test"
import { Effect, Layer, Redacted } from "effect"
import { onTestClock } from "../../../test/support/effect.ts"
import { Http } from "../http/client/http.ts"
import { makeIntake } from "./intake.ts"

/** What becomes of a post of three events that is answered so. */
const posted = (text: string) =>
  onTestClock(
    Effect.gen(function* () {
      const key = {
        source: "intake_key",
        replace: () => Effect.void,
        value: Effect.succeed(Redacted.make("key-of-the-intake")),
      }
      const intake = yield* makeIntake({ key, url: "http://intake.test", config_keys: ["intake_key"] })
      return yield* Effect.result(intake.post(new Uint8Array(), 3))
    }).pipe(
      Effect.provide(
        Layer.succeed(Http, {
          open: () => Effect.die("no feed"),
          send: () => Effect.succeed({ status: 200, headers: new Headers(), text }),
        }),
      ),
    ),
  )

test.each([
  ['{"event_ids":["a","b","c"]}', 3],
  ['{"event_ids":["a",null,""]}', 1],
  ['{"event_ids":[1,2,3]}', 3],
  ['{"event_ids":["a","b","c","d"]}', 3],
  ['{"received":true}', 3],
])("an answer stands for as many events as it names ids, and for no more than there are: %s", async (text, events) => {
  expect(await posted(text)).toMatchObject({ success: events })
})

test.each([
  '{"event_ids":[null,null,null]}',
  '{"event_ids":[{},[],""]}',
  '{"event_ids":3}',
  '{"received":"true"}',
  '{"received":true,"success":false}',
  '{"received":true,"errors":["the quota is used up"]}',
])("an answer that names no id acknowledges nothing: %s", async (text) => {
  expect(await posted(text)).toMatchObject({ failure: { recovery: "retry" } })
})
