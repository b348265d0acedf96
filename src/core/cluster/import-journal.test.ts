/** `akonis cluster import`: a key that a single process knew acts once, in a cluster too. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { clusterDatabase } from "../../../test/support/cluster-database.ts"
import { onRealClock, temporaryFolder } from "../../../test/support/effect.ts"
import { has_postgres, no_postgres } from "../../../test/support/postgres.ts"
import { type AuditLine, makeAudit } from "../actions/audit.ts"
import { type Journal, journalOf } from "../actions/idempotency.ts"
import { appendDurably } from "../store/atomic-file.ts"
import { importJournal } from "./import-journal.ts"
import { beMember } from "./members.ts"
import { storedJournal } from "./stored-journal.ts"

const cut_off = {
  at: "2026-11-20T10:00:00.000Z",
  ...{ who: "soc", role: "responder", via: "http", tenant: "acme", action: "isolate_endpoints", ids: ["a"] },
  ...{ arguments: {}, outcome: "success", trace_ids: [], request_id: "r" },
} satisfies AuditLine
const attempt = (key: string | undefined, audit?: AuditLine) => ({ key, owner: "token-1", hash: "h", audit })
const reply = (text: string) => ({ status: 200, body: { text } })

const act = (journal: Journal, key: string) =>
  Effect.gen(function* () {
    const begun = yield* journal.begin(attempt(key))
    if ("replay" in begun) return begun.replay
    yield* begun.end(reply("cluster"), true)
    return "acted"
  })

const name = (text: string) => (has_postgres ? text : `${text} ${no_postgres}`)

describe.skipIf(!has_postgres)("the keys of a single process", () => {
  test(name("are those of the cluster after an import, with their answers and their doubts, and nothing twice"), () =>
    onRealClock(
      Effect.gen(function* () {
        const db = yield* clusterDatabase
        const folder = yield* temporaryFolder
        const tenants = [{ id: "acme", data_dir: folder }]
        const single = yield* journalOf(folder, yield* makeAudit(folder, { owner: true }), { owner: true })
        expect(yield* act(single, "done")).toBe("acted")
        for (const key of ["cut", undefined]) yield* single.begin(attempt(key, cut_off))
        const nothing = yield* single.begin(attempt("limited"))
        if ("end" in nothing) yield* nothing.end({ status: 429, body: {} }, false)
        const old = { t: "begin", id: "x", key: "old", owner: "token-1", hash: "h", at_ms: Date.now() - 25 * 3_600_000 }
        yield* appendDurably(folder, "idempotency.ndjson", `${JSON.stringify(old)}\nnot a line\n`)

        expect(yield* importJournal(db, tenants)).toEqual([{ tenant: "acme", stored: 3, left: 0, unread: 1 }])
        const id = crypto.randomUUID()
        yield* beMember(db, "a", { id, version: "1", works: true })
        const lines: AuditLine[] = []
        const audit = {
          ready: Effect.void,
          close: Effect.void,
          write: (line: AuditLine) => Effect.sync(() => void lines.push(line)),
        }
        const journal = yield* storedJournal(db, "acme", id, audit)
        expect(lines).toMatchObject([cut_off, cut_off].map(({ at: _, ...line }) => ({ ...line, outcome: "unknown" })))
        expect(yield* act(journal, "done")).toEqual(reply("cluster"))
        expect((yield* Effect.flip(act(journal, "cut"))).problem.type).toBe("/problems/idempotency-in-doubt")
        expect([yield* act(journal, "limited"), yield* act(journal, "old")]).toEqual(["acted", "acted"])
        expect((yield* importJournal(db, tenants))[0]).toMatchObject({ stored: 0, left: 3 })
        expect((yield* importJournal(db, [{ id: "none", data_dir: `${folder}/none` }]))[0]).toMatchObject({ stored: 0 })
      }),
    ),
  )
})
