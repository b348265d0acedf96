import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { onTestClock } from "../support/effect.ts"
import { makeWorld } from "../support/world.ts"

describe("a worker whose destination is a file of NDJSON", () => {
  test("asks for no intake key, writes every event in order, and commits what it has written", () =>
    onTestClock(
      Effect.gen(function* () {
        const world = yield* makeWorld({ partitions: 1, events_per_partition: 300 }, { SEKOIA_INTAKE_KEY: "" })
        const stream = { destination: "ndjson", ndjson: { path: "all.ndjson" } }
        yield* world.startWith(JSON.stringify({ plugins: { "event-stream": stream } }))
        yield* world.pass(20_000)
        const text = world.disk.readSafe("data/all.ndjson") ?? ""
        const offsets = text
          .split("\n")
          .slice(0, -1)
          .map((line) => (JSON.parse(line) as { readonly metadata: { readonly offset: number } }).metadata.offset)
        expect(offsets.length).toBe(300)
        expect(offsets).toEqual([...offsets].sort((one, other) => one - other))
        expect(Object.values(JSON.parse(world.disk.read("data/cache.json") ?? "{}"))).toEqual([offsets.at(-1)])
        expect((yield* world.health).plugins["event-stream"]?.status).toBe("ok")
      }).pipe(Effect.scoped),
    ))
})
