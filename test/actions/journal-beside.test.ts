/** The journal of a folder that two processes write to: a server, and `akonis approvals approve` from a shell beside it. */
import { describe, expect, test } from "bun:test"
import { Effect, type FileSystem } from "effect"
import { TestClock } from "effect/testing"
import { makeAudit } from "../../src/core/actions/audit.ts"
import { type Journal, journalOf } from "../../src/core/actions/idempotency.ts"
import { makeFolder } from "../../src/core/store/atomic-file.ts"
import { silent } from "../support/effect.ts"
import { makeMemoryDisk } from "../support/memory-disk.ts"

const opened = (owner: boolean): Effect.Effect<Journal, unknown, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    yield* makeFolder("data")
    return yield* journalOf("data", yield* makeAudit("data", { owner }), { owner })
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
