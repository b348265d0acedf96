import { describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { Effect, FileSystem, Layer } from "effect"
import { TestClock } from "effect/testing"
import { onRealClock, onTestClock, temporaryFolder } from "../../../test/support/effect.ts"
import { makeMemoryDisk } from "../../../test/support/memory-disk.ts"
import { Tenant } from "../tenant/identity.ts"
import { appendDurably, writeAtomic } from "./atomic-file.ts"
import { Checkpoints } from "./checkpoints.ts"
import { Offsets } from "./offsets.ts"

const url = "https://firehose.eu-1.crowdstrike.com/sensors/entities/datafeed/v1/0"

/** Opens the offsets of a folder, as a start of the process does. */
const open = (data_dir: string) =>
  Effect.map(
    Layer.build(Offsets.layer.pipe(Layer.provide(Layer.succeed(Tenant, { id: "default", data_dir })))),
    (services) =>
      Effect.provide(
        Offsets.use((offsets) => offsets.open),
        services,
      ),
  ).pipe(Effect.flatten)

describe("cache.json", () => {
  test("holds the last committed offset after a restart, in the form of the Python module", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        yield* (yield* open(folder)).commit(url, 12)
        expect(JSON.parse(readFileSync(`${folder}/cache.json`, "utf8"))).toEqual({ [url]: 12 })
        expect((yield* open(folder)).get(url)).toBe(12)
      }),
    ))

  test("takes over what the Python module left, numbers as text included, and keeps what it does not know", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        writeFileSync(`${folder}/cache.json`, `{"${url}": 1411586, "https://elsewhere/0": "7"}`)
        const offsets = yield* open(folder)
        expect(offsets.get(url)).toBe(1_411_586)
        yield* offsets.commit(url, 1_411_590)
        expect(JSON.parse(readFileSync(`${folder}/cache.json`, "utf8"))).toEqual({
          [url]: 1_411_590,
          "https://elsewhere/0": 7,
        })
      }),
    ))

  test("never holds a lower offset than before", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const offsets = yield* open(folder)
        yield* Effect.forEach([5, 9, 7, 8], (offset) => offsets.commit(url, offset), { concurrency: "unbounded" })
        expect(JSON.parse(readFileSync(`${folder}/cache.json`, "utf8"))).toEqual({ [url]: 9 })
      }),
    ))

  test("holds what other partitions have put off as well, and tells them whether that succeeded", () =>
    onRealClock(
      Effect.scoped(
        Effect.gen(function* () {
          const folder = yield* temporaryFolder
          const offsets = yield* open(folder)
          const told: [number, boolean][] = []
          yield* offsets.takeAlong!("https://elsewhere/0", {
            begin: () => 7,
            end: (offset, is_stored) => Effect.sync(() => void told.push([offset, is_stored])),
          })
          mkdirSync(`${folder}/cache.json.new`)
          yield* Effect.flip(offsets.commit(url, 5))
          yield* Effect.sync(() => require("node:fs").rmdirSync(`${folder}/cache.json.new`))
          yield* offsets.commit(url, 5)
          expect(JSON.parse(readFileSync(`${folder}/cache.json`, "utf8"))).toEqual({
            [url]: 5,
            "https://elsewhere/0": 7,
          })
          expect(told).toEqual([
            [7, false],
            [7, true],
          ])
        }),
      ),
    ))

  test.each(["", '{"https://x/0": 12', "[]", "null", '{"https://x/0": -1}', '{"https://x/0": "a"}'])(
    "that reads %p is refused with a way out, and stays as it is",
    (text) =>
      onRealClock(
        Effect.gen(function* () {
          const folder = yield* temporaryFolder
          writeFileSync(`${folder}/cache.json`, text)
          const error = yield* Effect.flip(open(folder))
          expect(error.reason).toBe("unreadable")
          expect(error.message).toContain("Restore it from a backup")
          expect(readFileSync(`${folder}/cache.json`, "utf8")).toBe(text)
        }),
      ),
  )

  test("is written again after a write that failed, though the offset is the same", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const offsets = yield* open(folder)
        mkdirSync(`${folder}/cache.json.new`)
        const error = yield* Effect.flip(offsets.commit(url, 5))
        expect(error.reason).toBe("unwritable")
        yield* Effect.sync(() => require("node:fs").rmdirSync(`${folder}/cache.json.new`))
        yield* offsets.commit(url, 5)
        expect(JSON.parse(readFileSync(`${folder}/cache.json`, "utf8"))).toEqual({ [url]: 5 })
      }),
    ))
})

/** Files whose renames take so long. */
const slowRenames = (renames: string[], ms: number) =>
  Effect.updateService(FileSystem.FileSystem, (fs) => ({
    ...fs,
    rename: (from, to) =>
      Effect.andThen(
        Effect.sleep(ms),
        Effect.tap(fs.rename(from, to), () => Effect.sync(() => void renames.push(to))),
      ),
  }))

test("of a store that takes 10 ms the next one is 40 ms away, and holds all that partitions have committed meanwhile", () => {
  const renames: string[] = []
  const disk = makeMemoryDisk()
  return onTestClock(
    Effect.gen(function* () {
      yield* FileSystem.FileSystem.use((fs) => fs.makeDirectory("data"))
      const offsets = yield* open("data")
      const stored = () => JSON.parse(disk.read("data/cache.json") ?? "{}")
      yield* Effect.forkScoped(offsets.commit("a", 1))
      yield* TestClock.adjust(10)
      expect(stored()).toEqual({ a: 1 })
      for (const name of ["b", "c", "d"]) {
        yield* Effect.forkScoped(offsets.commit(name, 2))
        yield* TestClock.adjust(10)
      }
      yield* TestClock.adjust(9)
      expect(renames).toHaveLength(1)
      yield* TestClock.adjust(11)
      expect(renames).toHaveLength(2)
      expect(stored()).toEqual({ a: 1, b: 2, c: 2, d: 2 })
    }).pipe(slowRenames(renames, 10), Effect.provide(disk.layer)),
  )
})

describe("a file of the data folder", () => {
  test("is readable by its owner alone", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        yield* writeAtomic(folder, "a", "1")
        yield* appendDurably(folder, "b", "2\n")
        expect([statSync(`${folder}/a`).mode & 0o777, statSync(`${folder}/b`).mode & 0o777]).toEqual([0o600, 0o600])
        expect(existsSync(`${folder}/a.new`)).toBe(false)
      }),
    ))

  test("that a crash cut short gets its next line on a line of its own, and the line that was cut a blank at its end", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        writeFileSync(`${folder}/b`, '{"whole":1}\n{"to')
        yield* appendDurably(folder, "b", '{"next":1}\n')
        yield* appendDurably(folder, "b", '{"last":1}\n')
        expect(readFileSync(`${folder}/b`, "utf8")).toBe('{"whole":1}\n{"to \n{"next":1}\n{"last":1}\n')
      }),
    ))
})

describe("context.json", () => {
  const openCheckpoints = (data_dir: string) =>
    Effect.map(
      Layer.build(Checkpoints.layer.pipe(Layer.provide(Layer.succeed(Tenant, { id: "default", data_dir })))),
      (services) => Effect.provide(Checkpoints, services),
    ).pipe(Effect.flatten)

  test("takes what several write at the same time, and keeps what nobody knows", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        writeFileSync(`${folder}/context.json`, '{"user_assets_last_seen_timestamp": "2026-01-01"}')
        const checkpoints = yield* openCheckpoints(folder)
        const keys = ["a", "b", "c", "d"]
        yield* Effect.forEach(keys, (key) => checkpoints.set({ [key]: key }), { concurrency: "unbounded" })
        yield* checkpoints.set({ b: undefined })
        const stored = { user_assets_last_seen_timestamp: "2026-01-01", a: "a", c: "c", d: "d" }
        expect(JSON.parse(readFileSync(`${folder}/context.json`, "utf8"))).toEqual(stored)
        expect(yield* (yield* openCheckpoints(folder)).all).toEqual(stored)
      }),
    ))

  test.each(["", "[]", '{"most_recent'])("that reads %p is an error with a way out, and stays as it is", (text) =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        writeFileSync(`${folder}/context.json`, text)
        const checkpoints = yield* openCheckpoints(folder)
        const error = yield* Effect.flip(checkpoints.set({ a: 1 }))
        expect(error).toMatchObject({
          reason: "unreadable",
          message: expect.stringContaining("Restore it from a backup"),
        })
        expect(readFileSync(`${folder}/context.json`, "utf8")).toBe(text)
      }),
    ),
  )
})

test("a process goes on while it waits for the disk: other fibers run before a sync has ended", () =>
  onRealClock(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const file = yield* fs.open(`${yield* temporaryFolder}/file`, { flag: "w" })
      const order: string[] = []
      const note = (what: string) => Effect.sync(() => void order.push(what))
      yield* Effect.all([Effect.andThen(file.sync, note("synced")), note("something else")], { concurrency: 2 })
      expect(order).toEqual(["something else", "synced"])
    }).pipe(Effect.scoped),
  ))
