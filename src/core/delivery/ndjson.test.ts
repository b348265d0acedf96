import { describe, expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { Effect, FileSystem } from "effect"
import { onRealClock, temporaryFolder } from "../../../test/support/effect.ts"
import { makeMemoryDisk } from "../../../test/support/memory-disk.ts"
import { Tenant } from "../tenant/identity.ts"
import type { Destination } from "./destination.ts"
import { batchesOf } from "./lines/batches-of.ts"
import { makeNdjson, ndjson_framing } from "./ndjson.ts"

const path = "data/events.ndjson"
const event = (n: number) => `{"n": ${n},"text":"a \\"quote\\" and \\\\ é"}`

/** A file below `data`, whose last content is `before`. */
const stand = (
  before: string | undefined,
  body: (
    file: Destination,
    disk: ReturnType<typeof makeMemoryDisk>,
  ) => Effect.Effect<void, unknown, FileSystem.FileSystem>,
  more = {},
) => {
  const disk = makeMemoryDisk()
  disk.write("data/cache.json", "{}")
  if (before !== undefined) disk.write(path, before)
  const options = { path: "events.ndjson", rotate_bytes: 1e6, keep: 3, config_keys: ["ndjson"], ...more }
  return Effect.gen(function* () {
    yield* FileSystem.FileSystem.use((fs) => fs.makeDirectory("data"))
    yield* body(yield* makeNdjson(options), disk)
  }).pipe(
    Effect.provide(disk.layer),
    Effect.provideService(Tenant, { id: "default", data_dir: "data" }),
    Effect.runPromise,
  )
}

const post = (file: Destination, ...numbers: readonly number[]) =>
  Effect.gen(function* () {
    for (const batch of batchesOf(numbers.map(event), ndjson_framing))
      expect(yield* file.post(batch.body(yield* file.head), batch.count)).toBe(batch.count)
  })

const lines = (...numbers: readonly number[]) => numbers.map((n) => `${event(n)}\n`).join("")

describe("the NDJSON file", () => {
  test("gets each event as it came, one a line, and synced with its name", () =>
    stand(undefined, (file, disk) =>
      Effect.gen(function* () {
        yield* post(file, 1, 2)
        yield* post(file, 3)
        disk.crash()
        expect(disk.read(path)).toBe(lines(1, 2, 3))
      }),
    ))

  const left_behind = [
    ["half an event", lines(1) + event(2).slice(0, 9), lines(1)],
    ["an event without its line end", lines(1) + event(2), lines(1)],
    ["half of the first event", event(1).slice(0, 5), ""],
    ["zeros, as after a loss of power", `${lines(1)}\0\0\0`, lines(1)],
    ["a whole line", lines(1), lines(1)],
  ] as const

  test.each(left_behind)(
    "on a disk of the machine that ends in %s is cut to whole lines before it goes on",
    (_, before, left) =>
      onRealClock(
        Effect.gen(function* () {
          const data_dir = yield* temporaryFolder
          const options = { path: "events.ndjson", rotate_bytes: 1e6, keep: 3, config_keys: ["ndjson"] }
          writeFileSync(`${data_dir}/events.ndjson`, before)
          const file = yield* Effect.provideService(makeNdjson(options), Tenant, { id: "default", data_dir })
          yield* post(file, 7)
          expect(readFileSync(`${data_dir}/events.ndjson`, "utf8")).toBe(left + lines(7))
        }),
      ),
  )

  test.each(left_behind)("that ends in %s is cut to whole lines before it goes on", (_, before, left) =>
    stand(before, (file, disk) =>
      Effect.gen(function* () {
        yield* post(file, 7)
        expect(disk.read(path)).toBe(left + lines(7))
      }),
    ),
  )

  test("that ends in something else is left alone, and a person is asked", () =>
    stand("a letter to a friend", (file, disk) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(file.post(new TextEncoder().encode(lines(1)), 1))
        expect(error).toMatchObject({ recovery: "operator", config_keys: ["ndjson"] })
        expect(disk.read(path)).toBe("a letter to a friend")
      }),
    ))

  test("holds nothing of a write that failed once it is repeated", () =>
    stand(undefined, (file, disk) =>
      Effect.gen(function* () {
        yield* post(file, 1)
        disk.failing = "WriteZero"
        for (let attempt = 0; attempt < 3; attempt++) {
          const error = yield* Effect.flip(file.post(new TextEncoder().encode(lines(2, 3)), 2))
          expect(error).toMatchObject({ recovery: "retry", reason: "unwritable" })
        }
        disk.failing = undefined
        yield* post(file, 2, 3)
        expect(disk.read(path)).toBe(lines(1, 2, 3))
      }),
    ))

  test.each([
    ["moved away", ""],
    ["moved away, and made anew with half an event", event(9).slice(0, 9)],
  ])("that somebody else has %s is begun anew, synced with its name, whatever fails then", (_, anew) =>
    stand(undefined, (file, disk) =>
      Effect.gen(function* () {
        yield* post(file, 1, 2, 3, 4, 5)
        yield* FileSystem.FileSystem.use((fs) => fs.rename(path, "data/rotated"))
        if (anew !== "") disk.write(path, anew)
        yield* post(file, 6)
        if (anew === "") expect(disk.readSafe(path)).toBe(lines(6))
        disk.failing = "WriteZero"
        yield* Effect.flip(file.post(new TextEncoder().encode(lines(7, 8)), 2))
        disk.failing = undefined
        yield* post(file, 7, 8)
        expect(disk.read(path)).toBe(lines(6, 7, 8))
        expect(disk.read("data/rotated")).toBe(lines(1, 2, 3, 4, 5))
      }),
    ),
  )

  test("is set aside before it would become too large, and so many of those stay", () =>
    stand(
      undefined,
      (file, disk) =>
        Effect.gen(function* () {
          for (let n = 1; n <= 9; n++) yield* post(file, n)
          expect(disk.read(path)).toBe(lines(9))
          expect([1, 2, 3, 4].map((n) => disk.read(`${path}.${n}`))).toEqual([
            lines(7, 8),
            lines(5, 6),
            lines(3, 4),
            undefined,
          ])
        }),
      { rotate_bytes: 2 * Buffer.byteLength(lines(1)) },
    ))
})
