/** The journal and the audit log under callers that ask too much, files that are damaged, and clocks that jump. */
import { describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { type AuditLine, makeAudit } from "../../src/core/actions/audit.ts"
import { journalOf } from "../../src/core/actions/idempotency.ts"
import { audit as audit_bounds, journal as journal_bounds } from "../../src/core/actions/limits.ts"
import { hideInLogs } from "../../src/core/telemetry/redact.ts"
import { onTestClock, temporaryFolder } from "../support/effect.ts"

const line = (more: Partial<AuditLine> = {}): AuditLine => ({
  at: "2026-01-01T00:00:00.000Z",
  who: "reader-1",
  role: "reader",
  via: "http",
  tenant: "default",
  action: "count_up",
  ids: ["a"],
  arguments: {},
  outcome: "success",
  trace_ids: [],
  request_id: "r",
  ...more,
})

const linesIn = (path: string) =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => JSON.parse(text) as { readonly detail?: string; readonly ids?: string[]; readonly who: string })

const opened = Effect.fnUntraced(function* (folder: string) {
  const audit = yield* makeAudit(folder, { owner: true })
  return yield* journalOf(folder, audit, { owner: true })
})

const attempt = (key: string, owner = "token-1") => ({ key, owner, hash: "h", audit: undefined })
const reply = { status: 200, body: { done: true } }
const actOnce = Effect.fnUntraced(function* (folder: string, key: string) {
  const begun = yield* (yield* opened(folder)).begin(attempt(key))
  if ("end" in begun) yield* begun.end(reply, true)
  return "end" in begun ? "acted" : "replayed"
})

describe("the audit log", () => {
  test("sums up the refusals of one caller, and says that it does and how many", () =>
    onTestClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const audit = yield* makeAudit(folder, { owner: true })
        for (let n = 0; n < 200; n++) yield* audit.write(line({ outcome: "refused", ids: Array(500).fill("id") }))
        yield* audit.write(line({ who: "responder-1" }))
        const before = linesIn(`${folder}/audit.ndjson`)
        expect(before).toHaveLength(audit_bounds.refusals_max + 2)
        expect(before[0]!.ids).toHaveLength(audit_bounds.refused_ids_max)
        expect(before.at(-1)!.who).toBe("responder-1")
        yield* TestClock.adjust(audit_bounds.refusals_window_ms)
        yield* audit.write(line({ who: "responder-1" }))
        const told = linesIn(`${folder}/audit.ndjson`).map(({ detail = "" }) => detail)
        expect(told.some((detail) => detail.startsWith("150 further refusals of reader-1"))).toBe(true)
      }),
    ))

  test("holds, when the process ends, how many refusals were only counted", () =>
    onTestClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const audit = yield* makeAudit(folder, { owner: true })
        for (let n = 0; n < audit_bounds.refusals_max + 7; n++) yield* audit.write(line({ outcome: "refused" }))
        yield* audit.close
        expect(linesIn(`${folder}/audit.ndjson`).at(-1)!.detail).toStartWith("7 further refusals of reader-1")
        const lines = linesIn(`${folder}/audit.ndjson`).length
        yield* audit.close
        expect(linesIn(`${folder}/audit.ndjson`)).toHaveLength(lines)
      }),
    ))

  test("is put aside when it is large, keeps every line, and says when the oldest file goes", () =>
    onTestClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const audit = yield* makeAudit(folder, { owner: true })
        const fill = () => truncateSync(`${folder}/audit.ndjson`, audit_bounds.file_bytes_max)
        writeFileSync(`${folder}/audit.${audit_bounds.files_max}.ndjson`, "oldest\n")
        writeFileSync(`${folder}/audit.1.ndjson`, "earlier\n")
        writeFileSync(`${folder}/audit.ndjson`, "")
        fill()
        yield* audit.write(line({ request_id: "last of the large one" }))
        expect(readFileSync(`${folder}/audit.2.ndjson`, "utf8")).toBe("earlier\n")
        expect(statSync(`${folder}/audit.1.ndjson`).size).toBeGreaterThan(audit_bounds.file_bytes_max)
        expect(readFileSync(`${folder}/audit.1.ndjson`, "utf8")).toContain("last of the large one")
        yield* audit.write(line())
        expect(linesIn(`${folder}/audit.ndjson`).map(({ who }) => who)).toEqual(["akonis", "reader-1"])
        rmSync(`${folder}/audit.1.ndjson`)
      }),
    ))

  test("stays JSON when a secret has the look of JSON", () =>
    onTestClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        hideInLogs('"outcome":"success"')
        const audit = yield* makeAudit(folder, { owner: true })
        yield* audit.write(line({ detail: 'said "outcome":"success" to it' }))
        const [written] = linesIn(`${folder}/audit.ndjson`)
        expect(written).toMatchObject({ outcome: "success", detail: "said <redacted> to it" })
      }),
    ))

  test("takes all that waited for the disk", () =>
    onTestClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const audit = yield* makeAudit(folder, { owner: true })
        mkdirSync(`${folder}/audit.ndjson`)
        for (let n = 0; n < 1_010; n++) yield* audit.write(line())
        rmSync(`${folder}/audit.ndjson`, { recursive: true })
        yield* audit.ready
        expect(linesIn(`${folder}/audit.ndjson`)).toHaveLength(1_010)
      }),
    ))
})

describe("the idempotency journal", () => {
  test("lets one caller use up its own keys and nobody else's", () =>
    onTestClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const entry = (n: number) =>
          `${JSON.stringify({ t: "begin", id: `i${n}`, key: `k${n}`, owner: "token-1", hash: "h", at_ms: 0 })}\n${JSON.stringify({ t: "end", id: `i${n}`, done: true })}\n`
        const full = Array.from({ length: journal_bounds.keys_per_caller_max }, (_, n) => entry(n)).join("")
        writeFileSync(`${folder}/idempotency.ndjson`, full)
        const journal = yield* opened(folder)
        const refused = yield* Effect.flip(journal.begin(attempt("one more")))
        expect(refused.problem).toMatchObject({ status: 503, detail: expect.stringContaining("of this token") })
        expect("end" in (yield* journal.begin(attempt("mine", "token-2")))).toBe(true)
      }),
    ))

  test("forgets a key after a day, whichever way the clock on the wall was set meanwhile", () =>
    onTestClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const day_ms = 86_400_000
        const now_ms = yield* Clock.currentTimeMillis
        const stored = (key: string, at_ms: number) =>
          `${JSON.stringify({ t: "begin", id: key, key, owner: "o", hash: "h", at_ms })}\n${JSON.stringify({ t: "end", id: key, done: true, reply: JSON.stringify(reply) })}\n`
        writeFileSync(
          `${folder}/idempotency.ndjson`,
          stored("ahead", now_ms + 400 * day_ms) + stored("old", now_ms - 2 * day_ms),
        )
        const journal = yield* opened(folder)
        const known = (key: string) => Effect.map(journal.begin(attempt(key)), (begun) => "replay" in begun)
        // Just after a start the clock may be wrong: what looks old is kept for a while.
        expect([yield* known("ahead"), yield* known("old")]).toEqual([true, true])
        yield* TestClock.adjust(journal_bounds.settle_ms)
        expect([yield* known("ahead"), yield* known("old")]).toEqual([true, false])
        yield* TestClock.adjust(day_ms)
        expect(yield* known("ahead")).toBe(false)
      }),
    ))

  test("sets aside lines that are damaged, and answers 409 to the keys in them", () =>
    onTestClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        expect(yield* actOnce(folder, '["token-1","count_up","k1"]')).toBe("acted")
        const torn = readFileSync(`${folder}/idempotency.ndjson`, "utf8").replace('{"t":"begin"', '{"t":beg#n"')
        writeFileSync(`${folder}/idempotency.ndjson`, torn)
        const journal = yield* opened(folder)
        const refused = yield* Effect.flip(journal.begin(attempt('["token-1","count_up","k1"]')))
        expect(refused.problem.type).toBe("/problems/idempotency-in-doubt")
        expect(readFileSync(`${folder}/idempotency.damaged.ndjson`, "utf8")).toContain("beg#n")
        expect("end" in (yield* journal.begin(attempt('["token-1","count_up","k2"]')))).toBe(true)
        const later = yield* opened(folder)
        const still = yield* Effect.flip(later.begin(attempt('["token-1","count_up","k1"]')))
        expect(still.problem.type).toBe("/problems/idempotency-in-doubt")
      }),
    ))

  test("that cannot be opened is opened by the next who asks, once it can be", () =>
    onTestClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        mkdirSync(`${folder}/idempotency.ndjson`)
        const audit = yield* makeAudit(folder, { owner: true })
        const journal = journalOf(folder, audit, { owner: true })
        expect((yield* Effect.flip(journal)).message).toContain("a folder")
        rmSync(`${folder}/idempotency.ndjson`, { recursive: true })
        expect("end" in (yield* (yield* journal).begin(attempt("k")))).toBe(true)
        expect(existsSync(`${folder}/idempotency.ndjson`)).toBe(true)
      }),
    ))
})
