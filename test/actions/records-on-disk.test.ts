/** The journal and the audit log on a disk that loses what was not synced, tears what was under way, and fails now and then. */
import { describe, expect, test } from "bun:test"
import { Effect, Fiber, type FileSystem } from "effect"
import { TestClock } from "effect/testing"
import { Random } from "../../simulator/events/random.ts"
import { type AuditLine, makeAudit } from "../../src/core/actions/audit.ts"
import { type Journal, journalOf } from "../../src/core/actions/idempotency.ts"
import { audit as bounds } from "../../src/core/actions/limits.ts"
import { makeFolder } from "../../src/core/store/atomic-file.ts"
import { silent } from "../support/effect.ts"
import { type DiskGate, type MemoryDisk, makeMemoryDisk } from "../support/memory-disk.ts"

const folder = "data"
const journal_file = `${folder}/idempotency.ndjson`
const audit_file = `${folder}/audit.ndjson`

const on = <A, E>(disk: MemoryDisk, body: Effect.Effect<A, E, FileSystem.FileSystem>): Promise<A> =>
  Effect.runPromise(Effect.provide(body, [disk.layer, TestClock.layer(), silent]))

const diskWithFolder = (gate?: DiskGate): MemoryDisk => {
  const disk = makeMemoryDisk(gate)
  disk.write(`${folder}/app-id`, "")
  return disk
}

const line = (request_id: string, more: Partial<AuditLine> = {}): AuditLine => ({
  at: "2026-01-01T00:00:00.000Z",
  who: "responder-1",
  role: "responder",
  via: "http",
  tenant: "default",
  action: "isolate_endpoints",
  ids: ["a"],
  arguments: {},
  outcome: "success",
  trace_ids: [],
  request_id,
  ...more,
})

const openedAudit = Effect.andThen(makeFolder(folder), makeAudit(folder, { owner: true }))

/** A process that begins: what stands on the disk is all that it knows. */
const opened: Effect.Effect<Journal, unknown, FileSystem.FileSystem> = Effect.flatMap(openedAudit, (audit) =>
  journalOf(folder, audit, { owner: true }),
)

const attempt = (key: string, request_id = key) => ({ key, owner: "token-1", hash: "h", audit: line(request_id) })
const reply = (text: string) => ({ status: 200, body: { text } })

const act = (journal: Journal, key: string) =>
  Effect.gen(function* () {
    const begun = yield* journal.begin(attempt(key))
    if ("replay" in begun) return begun.replay
    yield* begun.end(reply(key), true)
    return "acted"
  })

const audited = (text: string | undefined) =>
  (text ?? "").split("\n").flatMap((one) => {
    try {
      return one === "" ? [] : [JSON.parse(one) as AuditLine]
    } catch {
      return []
    }
  })

describe("the journal", () => {
  test("has the beginning of an action on the disk before it goes to Falcon, and its answer before the caller gets it", () => {
    const disk = diskWithFolder()
    return on(
      disk,
      Effect.gen(function* () {
        const begun = yield* (yield* opened).begin(attempt("k"))
        expect(disk.readSafe(journal_file)).toContain('"key":"k"')
        expect(disk.readSafe(journal_file)).not.toContain('"done":true')
        if ("end" in begun) yield* begun.end(reply("the answer"), true)
        expect(disk.readSafe(journal_file)).toContain("the answer")
      }),
    )
  })

  test("replays after a power failure what was answered, and is in doubt about what was under way", () => {
    const disk = diskWithFolder()
    return on(
      disk,
      Effect.gen(function* () {
        const before = yield* opened
        expect(yield* act(before, "done")).toBe("acted")
        yield* before.begin(attempt("under way"))
        disk.crash()
        const after = yield* opened
        expect(yield* act(after, "done")).toEqual(reply("done"))
        const refused = yield* Effect.flip(after.begin(attempt("under way")))
        expect(refused.problem.type).toBe("/problems/idempotency-in-doubt")
        expect(audited(disk.readSafe(audit_file))).toMatchObject([{ request_id: "under way", outcome: "unknown" }])
        expect(yield* act(after, "another")).toBe("acted")
      }),
    )
  })

  test("keeps every key over any number of restarts", () => {
    const disk = diskWithFolder()
    return on(
      disk,
      Effect.gen(function* () {
        for (let start = 0; start < 5; start++) {
          const journal = yield* opened
          for (let earlier = 0; earlier < start; earlier++)
            expect(yield* act(journal, `k${earlier}`)).toEqual(reply(`k${earlier}`))
          expect(yield* act(journal, `k${start}`)).toBe("acted")
          disk.crash()
        }
      }),
    )
  })

  test("forgets a key after a day, also one of this process", () => {
    const disk = diskWithFolder()
    return on(
      disk,
      Effect.gen(function* () {
        const journal = yield* opened
        yield* act(journal, "k")
        yield* TestClock.adjust(86_400_000 - 1)
        expect(yield* act(journal, "k")).toEqual(reply("k"))
        yield* TestClock.adjust(1)
        expect(yield* act(journal, "k")).toBe("acted")
      }),
    )
  })

  test("loses no answer to a line that a power failure tears, wherever it is torn", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      let stalls = false
      // The line is written and not yet synced when the power fails.
      const disk = diskWithFolder((method, path, call) =>
        stalls && method === "sync" && path === journal_file ? Effect.never : call,
      )
      const random = new Random(seed)
      await on(
        disk,
        Effect.gen(function* () {
          const before = yield* opened
          yield* act(before, "done")
          stalls = true
          const cut_off = yield* Effect.forkChild(before.begin(attempt("torn")))
          yield* Effect.yieldNow
          yield* TestClock.adjust(1)
          disk.crash(() => random.unit())
          yield* Fiber.interrupt(cut_off)
          stalls = false
          const after = yield* opened
          expect(yield* act(after, "done")).toEqual(reply("done"))
          expect(yield* act(after, "next")).toBe("acted")
          const last = yield* opened
          for (const key of ["done", "next"]) expect(yield* act(last, key)).toEqual(reply(key))
        }),
      )
    }
  })

  test("refuses what a full disk takes half of, and what came before and comes after is whole", () => {
    const disk = diskWithFolder()
    return on(
      disk,
      Effect.gen(function* () {
        const before = yield* opened
        yield* act(before, "before")
        disk.failing = "Unknown"
        const refused = yield* Effect.flip(before.begin(attempt("half")))
        expect(refused.problem).toMatchObject({ status: 503, detail: expect.stringContaining("nothing was done") })
        disk.failing = undefined
        expect(yield* act(before, "after")).toBe("acted")
        disk.crash()
        const restarted = yield* opened
        for (const key of ["before", "after"]) expect(yield* act(restarted, key)).toEqual(reply(key))
      }),
    )
  })
})

describe("the audit log", () => {
  test("has a line on the disk before the answer is given", () => {
    const disk = diskWithFolder()
    return on(
      disk,
      Effect.gen(function* () {
        const audit = yield* openedAudit
        yield* audit.write(line("r1"))
        disk.crash()
        expect(audited(disk.read(audit_file)).map(({ request_id }) => request_id)).toEqual(["r1"])
      }),
    )
  })

  test("keeps a line that a full disk took half of, and writes it whole before the next action may run", () => {
    const disk = diskWithFolder()
    return on(
      disk,
      Effect.gen(function* () {
        const audit = yield* openedAudit
        yield* audit.write(line("before"))
        disk.failing = "Unknown"
        yield* audit.write(line("half"))
        expect((yield* Effect.flip(audit.ready)).reason).toBe("unwritable")
        disk.failing = undefined
        yield* audit.ready
        yield* audit.write(line("after"))
        disk.crash()
        const whole = audited(disk.read(audit_file)).map(({ request_id }) => request_id)
        expect(whole).toEqual(["before", "half", "after"])
      }),
    )
  })

  test("loses no line of an earlier answer to a line that a power failure tears, wherever it is torn", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      let stalls = false
      const disk = diskWithFolder((method, path, call) =>
        stalls && method === "sync" && path === audit_file ? Effect.never : call,
      )
      const random = new Random(seed)
      await on(
        disk,
        Effect.gen(function* () {
          const audit = yield* openedAudit
          yield* audit.write(line("before"))
          stalls = true
          const cut_off = yield* Effect.forkChild(audit.write(line("torn")))
          yield* Effect.yieldNow
          yield* TestClock.adjust(1)
          disk.crash(() => random.unit())
          yield* Fiber.interrupt(cut_off)
          stalls = false
          const restarted = yield* makeAudit(folder, { owner: true })
          yield* restarted.write(line("after"))
          const whole = audited(disk.readSafe(audit_file)).map(({ request_id }) => request_id)
          expect(whole.filter((id) => id !== "torn")).toEqual(["before", "after"])
        }),
      )
    }
  })

  test("drops no line when it is put aside, again and again, and none to a power failure after it", () => {
    const disk = diskWithFolder()
    return on(
      disk,
      Effect.gen(function* () {
        const audit = yield* openedAudit
        const written: string[] = []
        for (let file = 0; file < 4; file++) {
          // As large as a file may be, and then some lines.
          disk.write(audit_file, `${disk.read(audit_file) ?? ""}${" ".repeat(bounds.file_bytes_max)}\n`)
          for (const request_id of [`${file} first`, `${file} second`]) {
            yield* audit.write(line(request_id))
            written.push(request_id)
          }
        }
        disk.crash()
        const files = ["audit", ...Array.from({ length: bounds.files_max }, (_, n) => `audit.${n + 1}`)]
        const kept = files.reverse().flatMap((name) => audited(disk.read(`${folder}/${name}.ndjson`)))
        expect(kept.map(({ request_id }) => request_id)).toEqual(written)
      }),
    )
  })

  test("is put aside by the process that holds the folder alone", () => {
    const disk = diskWithFolder()
    return on(
      disk,
      Effect.gen(function* () {
        yield* makeFolder(folder)
        disk.write(audit_file, `${" ".repeat(bounds.file_bytes_max)}\n`)
        const beside = yield* makeAudit(folder, { owner: false })
        yield* beside.write(line("r1"))
        expect(audited(disk.read(audit_file)).map(({ request_id }) => request_id)).toEqual(["r1"])
        expect(disk.read(`${folder}/audit.1.ndjson`)).toBeUndefined()
      }),
    )
  })
})
