/** Answers of Falcon that would cost more to parse than any call is worth. */
import { describe, expect } from "bun:test"
import { Effect, Result } from "effect"
import { falcon } from "../../src/core/falcon/limits.ts"
import { answer, effect, get, play } from "./support.ts"

const bodies: readonly (readonly [string, string])[] = [
  ["nested without end", `{"resources":${"[".repeat(2_000_000)}${"]".repeat(2_000_000)}}`],
  ["errors by the million", `{"errors":[${"0,".repeat(falcon.json.values_max)}0],"resources":[]}`],
]

describe("an answer", () => {
  for (const [name, body] of bodies) {
    effect(`with ${name} is malformed, and not parsed`, () =>
      Effect.gen(function* () {
        const { result } = yield* play(get(), () => answer(200, body))
        expect(Result.isFailure(result) && result.failure.reason).toBe("malformed")
      }),
    )
  }

  effect("of twenty thousand hosts is read", () =>
    Effect.gen(function* () {
      const host = { device_id: "a".repeat(32), groups: ["b", "c"], tags: [], policies: { prevention: { id: "d" } } }
      const resources = Array.from({ length: 20_000 }, () => host)
      const { result } = yield* play(get(), () => answer(200, { resources }))
      expect(Result.getOrThrow(result).resources).toHaveLength(20_000)
    }),
  )
})
