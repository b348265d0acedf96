import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { type MemoryDisk, makeMemoryDisk } from "../../../test/support/memory-disk.ts"
import { intake_framing } from "../sekoia/intake.ts"
import { makeFolder } from "../store/atomic-file.ts"
import { purge, readDeadLetters, replay } from "./dead-letter-files.ts"
import type { Destination } from "./destination.ts"

const ids = ["a", "b", "c"]
const day = "data/dead-letters/2026-01-02.ndjson"

/** Three letters on a disk, replayed to a destination that takes everything; `onPost` is called with each post, `before` before the first. */
const replaying = (onPost: (disk: MemoryDisk) => void, before: (disk: MemoryDisk) => void = () => {}) => {
  const disk = makeMemoryDisk()
  const letter = (id: string, offset: number) => {
    const raw = `{"metadata":{"offset":${offset}}}`
    const common = { id, at: "2026-01-02T03:04:05.000Z", partition: "/0", reason: "refused_by_intake", detail: "" }
    return `${JSON.stringify({ ...common, offset, encoding: "utf8", raw, bytes: raw.length })}\n`
  }
  disk.write(day, ids.map(letter).join(""))
  const told: (string | undefined)[] = []
  let posts = 0
  const destination: Destination = {
    ...{ name: "intake", framing: intake_framing, is_exclusive: false, head: Effect.succeed(new Uint8Array()) },
    check: Effect.succeed({ verified: true, detail: "" }),
    post: (_, events) =>
      Effect.sync(() => {
        posts++
        onPost(disk)
        return events
      }),
  }
  return Effect.gen(function* () {
    yield* makeFolder("data/dead-letters")
    before(disk)
    const { letters } = yield* readDeadLetters("data")
    const outcome = yield* Effect.result(
      replay("data", letters, destination, [], (_, error) => Effect.sync(() => void told.push(error))),
    )
    disk.failing = undefined
    const { replayed } = yield* readDeadLetters("data")
    return { outcome, told, posts, replayed: [...replayed] }
  }).pipe(Effect.provide(disk.layer), Effect.runPromise)
}

describe("a replay on a disk that is full", () => {
  test("on the way says what was delivered all the same, and posts no more of which it could not remember that", async () => {
    let n = 0
    const { outcome, told, posts, replayed } = await replaying((disk) => {
      if (++n === 2) disk.failing = "Unknown"
    })
    expect(outcome).toMatchObject({ success: { delivered: 2, refused: 1 } })
    expect(posts).toBe(2)
    expect(told[0]).toBeUndefined()
    expect(told[1]).toContain("it was delivered, and another replay would deliver it again")
    expect(told[2]).toContain("not tried")
    expect(replayed).toEqual(["a"])
  })

  test("from the beginning posts nothing", async () => {
    const full = (disk: MemoryDisk) => {
      disk.failing = "Unknown"
    }
    const { outcome, posts } = await replaying(() => {}, full)
    expect(outcome).toMatchObject({ failure: { reason: "unwritable" } })
    expect(posts).toBe(0)
  })
})

test("a purge right after midnight leaves the file to which a worker may still write what it dated before", () => {
  const disk = makeMemoryDisk()
  const old = "data/dead-letters/2026-01-01.ndjson"
  const letter = (id: string) => `${JSON.stringify({ id, offset: 1, encoding: "utf8", raw: "{}", bytes: 2 })}\n`
  return Effect.gen(function* () {
    yield* makeFolder("data/dead-letters")
    disk.write(old, letter("a"))
    disk.write(day, letter("b"))
    yield* TestClock.setTime(Date.UTC(2026, 0, 3, 0, 0, 1))
    expect(yield* purge("data", "all", false)).toEqual({ removed: 1, kept: 1 })
    expect([disk.read(old), disk.read(day)]).toEqual([undefined, letter("b")])
    yield* TestClock.adjust("10 minutes")
    expect(yield* purge("data", "all", false)).toEqual({ removed: 1, kept: 0 })
  }).pipe(Effect.provide([disk.layer, TestClock.layer()]), Effect.runPromise)
})
