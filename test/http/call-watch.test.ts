/** What is told of calls to Falcon while they are made. */
import { describe, expect } from "bun:test"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { CallWatch, makeCallWatch } from "../../src/core/falcon/call-watch.ts"
import { answer, broken, effect, falconOn, get, ok, type Script, scripted, token, write } from "./support.ts"

/** A client whose calls are watched, and what health says of them by now. */
const watched = Effect.fnUntraced(function* (script: Script, tokens?: Script) {
  const said = { status: "ok", detail: "" }
  const watch = makeCallWatch({
    set: (status, detail) => Effect.sync(() => void Object.assign(said, { status, detail })),
  })
  const { falcon } = yield* falconOn(scripted(script, tokens))
  const request = (operation = get()) =>
    falcon.request(operation).pipe(Effect.provideService(CallWatch, watch), Effect.ignore)
  return { said, request }
})

describe("health", () => {
  effect("is degraded with the first try that does not reach Falcon, and well with the one that does", () =>
    Effect.gen(function* () {
      const { said, request } = yield* watched((_, n) => (n < 2 ? broken("refused") : ok("a")))
      yield* Effect.forkChild(request(), { startImmediately: true })
      yield* TestClock.adjust(100)
      expect(said).toEqual({ status: "degraded", detail: expect.stringContaining("falcon: refused") })
      yield* TestClock.adjust(60_000)
      expect(said).toEqual({ status: "ok", detail: "" })
    }),
  )

  effect("keeps each missing scope until a call with it succeeds, also where a 200 holds the refusal", () =>
    Effect.gen(function* () {
      const refusal = { errors: [{ code: 403, message: "no permission" }], resources: [] }
      const answers = [answer(403, {}), answer(200, refusal), ok("a"), ok("a")]
      const { said, request } = yield* watched((_, n) => answers[n]!)
      yield* request(write())
      yield* request()
      expect(said.detail).toMatch(/Alerts: Write.*Hosts: Read/)
      yield* request()
      expect(said).toEqual({ status: "degraded", detail: expect.not.stringContaining("Hosts: Read") })
      yield* request(write())
      expect(said).toEqual({ status: "ok", detail: "" })
    }),
  )

  effect("leaves a token that cannot be had to the row of the token", () =>
    Effect.gen(function* () {
      const { said, request } = yield* watched(
        () => ok("a"),
        (_, n) => (n === 0 ? answer(403, {}) : token(n)),
      )
      yield* request()
      expect(said).toEqual({ status: "ok", detail: "" })
    }),
  )
})
