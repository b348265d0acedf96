/** The journal of a folder that two processes write to: a server, and `akonis approvals approve` from a shell beside it. */
import { describe, expect, test } from "bun:test"
import { Effect, Fiber, FileSystem } from "effect"
import { TestClock } from "effect/testing"
import { makeAudit } from "../../src/core/actions/audit.ts"
import { type Journal, journalOf } from "../../src/core/actions/idempotency.ts"
import { hold } from "../../src/core/store/alone.ts"
import { makeFolder } from "../../src/core/store/atomic-file.ts"
import { onRealClock, silent, temporaryFolder } from "../support/effect.ts"
import { makeMemoryDisk } from "../support/memory-disk.ts"

const opened = (owner: boolean, folder = "data"): Effect.Effect<Journal, unknown, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    yield* makeFolder(folder)
    return yield* journalOf(folder, yield* makeAudit(folder, { owner }), { owner })
  })

const attempt = (key: string) => ({ key, owner: "token-1", hash: "h", audit: undefined })
const reply = (text: string) => ({ status: 200, body: { text } })

const act = (journal: Journal, key: string, text = key) =>
  Effect.gen(function* () {
    const begun = yield* journal.begin(attempt(key))
    if ("replay" in begun) return begun.replay
    yield* begun.end(reply(text), true)
    return "acted"
  })

const both = <A, E>(
  body: (server: Journal, shell: Journal) => Effect.Effect<A, E, FileSystem.FileSystem>,
): Promise<A> =>
  Effect.gen(function* () {
    const server = yield* opened(true)
    return yield* body(server, yield* opened(false))
  }).pipe(Effect.provide([makeMemoryDisk().layer, TestClock.layer(), silent]), Effect.runPromise)

describe("a key", () => {
  test("that was used in a shell beside the server gives its answer there, and the other way round", () =>
    both((server, shell) =>
      Effect.gen(function* () {
        expect(yield* act(server, "earlier")).toBe("acted")
        expect(yield* act(shell, "k", "größe")).toBe("acted")
        expect(yield* act(server, "k")).toEqual(reply("größe"))
        expect(yield* act(shell, "earlier")).toEqual(reply("earlier"))
        expect(yield* act(server, "own")).toBe("acted")
        expect(yield* act(yield* opened(true), "k")).toEqual(reply("größe"))
      }),
    ))

  test("under which a shell acts just now is in doubt at the server, until it has done so", () =>
    both((server, shell) =>
      Effect.gen(function* () {
        const begun = yield* shell.begin(attempt("k"))
        const refused = yield* Effect.flip(server.begin(attempt("k")))
        expect(refused.problem.type).toBe("/problems/idempotency-in-doubt")
        if ("end" in begun) yield* begun.end(reply("done"), true)
        expect(yield* act(server, "k")).toEqual(reply("done"))
      }),
    ))

  test("under which a shell acted while the server was started gives its answer there", () =>
    both((_, shell) =>
      Effect.gen(function* () {
        const begun = yield* shell.begin(attempt("k"))
        const restarted = yield* opened(true)
        if ("end" in begun) yield* begun.end(reply("done"), true)
        expect(yield* act(restarted, "k")).toEqual(reply("done"))
      }),
    ))

  test("under which a shell could do nothing may be used again", () =>
    both((server, shell) =>
      Effect.gen(function* () {
        const begun = yield* shell.begin(attempt("k"))
        yield* Effect.flip(server.begin(attempt("k")))
        if ("end" in begun) yield* begun.end({ status: 429, body: {} }, false)
        expect(yield* act(server, "k")).toBe("acted")
        expect(yield* act(shell, "k")).toEqual(reply("k"))
      }),
    ))
})

describe("a journal that is written anew", () => {
  /** Files on which somebody does something right before the journal is replaced. */
  const replacing = Effect.fnUntraced(function* (meanwhile: Effect.Effect<unknown, unknown>) {
    const fs = yield* FileSystem.FileSystem
    let did: Fiber.Fiber<unknown, unknown> | undefined
    const rename: FileSystem.FileSystem["rename"] = (from, to) =>
      Effect.gen(function* () {
        if (to.endsWith("/idempotency.ndjson")) {
          did = yield* Effect.forkDetach(meanwhile)
          yield* Effect.sleep("20 millis")
        }
        yield* fs.rename(from, to)
      })
    return { fs: { ...fs, rename }, done: Effect.suspend(() => (did === undefined ? Effect.void : Fiber.join(did))) }
  })

  test("keeps the line that a shell adds in that moment", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const files = yield* FileSystem.FileSystem
        const shell = yield* opened(false, folder)
        expect(yield* act(shell, "earlier")).toBe("acted")
        const act_now = Effect.provideService(act(shell, "k"), FileSystem.FileSystem, files)
        const { fs, done } = yield* replacing(act_now)
        const server = yield* Effect.provideService(opened(true, folder), FileSystem.FileSystem, fs)
        yield* done
        expect(yield* act(server, "k")).toEqual(reply("k"))
        expect(yield* act(yield* opened(true, folder), "k")).toEqual(reply("k"))
      }),
    ))

  test("is written later where another process adds to it just now", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const fs = yield* FileSystem.FileSystem
        const shell = yield* opened(false, folder)
        expect(yield* act(shell, "earlier")).toBe("acted")
        const begun = yield* shell.begin(attempt("limited"))
        if ("end" in begun) yield* begun.end({ status: 429, body: {} }, false)
        const before = yield* fs.readFileString(`${folder}/idempotency.ndjson`)
        yield* Effect.scoped(
          Effect.gen(function* () {
            expect(yield* hold(fs, `${folder}/idempotency`)).toBe(true)
            expect(yield* act(yield* opened(true, folder), "earlier")).toEqual(reply("earlier"))
          }),
        )
        expect(yield* fs.readFileString(`${folder}/idempotency.ndjson`)).toBe(before)
        yield* opened(true, folder)
        expect(yield* fs.readFileString(`${folder}/idempotency.ndjson`)).not.toContain("limited")
      }),
    ))
})
