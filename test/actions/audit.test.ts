import { describe, expect, test } from "bun:test"
import { chmodSync, existsSync, mkdirSync, rmSync } from "node:fs"
import { Deferred, Effect } from "effect"
import { own, seen } from "./own.ts"
import { type Asking, type Served, tokens, withServed } from "./served.ts"

const served = (body: (served: Served) => Promise<void>, more = {}) => withServed({ plugins: [own], ...more }, body)
const key = (name: string, more: Asking = {}): Asking => ({ ...more, headers: { "idempotency-key": name } })

describe("the audit log", () => {
  test("has one line per change, and none for looking or for a dry run", () =>
    served(async ({ act, auditLines }) => {
      await act("look_up", {})
      await act("count_up?dry_run=true", { ids: ["a"] })
      await act("count_up", { ids: ["a", "b"], note: "why", fail: 1 }, { headers: { "x-request-id": "r-1" } })
      const [line, ...more] = auditLines()
      expect(more).toEqual([])
      expect(Date.parse(String(line!.at))).toBeGreaterThan(Date.now() - 60_000)
      expect({ ...line, at: "" } as Record<string, unknown>).toEqual({
        at: "",
        who: "responder-1",
        role: "responder",
        via: "http",
        tenant: "default",
        action: "count_up",
        ids: ["a", "b"],
        arguments: { note: "why", fail: 1 },
        outcome: "partial",
        counts: { requested: 2, succeeded: 1, failed: 1, unconfirmed: 0 },
        trace_ids: ["trace-1"],
        request_id: "r-1",
      })
    }))

  test("tells of what was refused or failed", () =>
    served(async ({ act, auditLines }) => {
      await act("count_up", { ids: ["a"] }, { token: tokens.reader })
      await act("fail_as", { reason: "forbidden" })
      await act("fail_as", { reason: "outcome_unknown" })
      await act("break_down", {})
      await act("refuse_argument", { path: "x" })
      expect(auditLines().map(({ who, action, outcome }) => `${who} ${action} ${outcome}`)).toEqual([
        "reader-1 count_up refused",
        "responder-1 fail_as failed",
        "responder-1 fail_as unknown",
        "responder-1 break_down unknown",
        "responder-1 refuse_argument failed",
      ])
    }))

  test("tells of what read-only mode refused", () =>
    served(
      async ({ act, auditLines }) => {
        await act("count_up", { ids: ["a"] })
        expect(auditLines()[0]).toMatchObject({ outcome: "refused", ids: ["a"] })
      },
      { read_only: true },
    ))

  test("names indicators by type and value", () =>
    withServed({}, async ({ act, auditLines }) => {
      const args = { value: "203.0.113.7", type: "ipv4", platforms: ["windows"] }
      const { status } = await act("block_ioc", args)
      expect([200, 400]).toContain(status)
      if (status === 200) expect(JSON.stringify(auditLines()[0]!.ids)).toContain("203.0.113.7")
    }))

  test("that cannot be written lets nothing run that changes something, and fails health until it can be", () =>
    served(async ({ act, ask, data_dir }) => {
      // A folder in its place: not even root can write to that.
      rmSync(`${data_dir}/audit.ndjson`, { force: true })
      mkdirSync(`${data_dir}/audit.ndjson`)
      const before = seen.done
      const refused = await act("count_up", { ids: ["a"] })
      expect(refused.status).toBe(503)
      expect(refused.body.detail).toContain("nothing was done")
      expect(seen.done).toBe(before)
      expect((await act("look_up", {})).status).toBe(200)
      expect((await ask("/health")).text).toContain("audit.ndjson cannot be written")
      rmSync(`${data_dir}/audit.ndjson`, { recursive: true })
      expect((await act("count_up", { ids: ["a"] })).status).toBe(200)
      expect((await ask("/health")).body.status).toBe("ok")
    }))

  test("is for its owner alone", () =>
    served(async ({ act, data_dir }) => {
      await act("count_up", { ids: ["a"] })
      chmodSync(`${data_dir}/audit.ndjson`, 0o600)
      expect(existsSync(`${data_dir}/idempotency.ndjson`)).toBe(true)
    }))
})

describe("an Idempotency-Key", () => {
  test("replays the first answer, also after a restart", () =>
    served(async ({ act, restart, auditLines }) => {
      const before = seen.done
      const first = await act("count_up", { ids: ["a"], note: "n" }, key("k1"))
      const again = await act("count_up", { note: "n", ids: ["a"] }, key("k1"))
      await restart()
      const later = await act("count_up", { ids: ["a"], note: "n" }, key("k1"))
      expect(seen.done).toBe(before + 1)
      expect([again.body, later.body]).toEqual([first.body, first.body])
      expect(first.headers.get("idempotency-replayed")).toBeNull()
      expect(later.headers.get("idempotency-replayed")).toBe("true")
      expect(auditLines()).toHaveLength(1)
    }))

  test("belongs to its caller and its action", () =>
    served(async ({ act }) => {
      const before = seen.done
      await act("count_up", { ids: ["a"] }, key("k2"))
      await act("count_up", { ids: ["a"] }, key("k2", { token: tokens.admin }))
      expect(seen.done).toBe(before + 2)
      // What only looks runs again.
      const looks = [await act("look_up", {}, key("k2")), await act("look_up", {}, key("k2"))]
      expect(looks.map(({ headers }) => headers.get("idempotency-replayed"))).toEqual([null, null])
    }))

  test("belongs to the token and not to its name: a new token of the same name gets no answer of the old one", () =>
    withServed({ plugins: [own], token_files: true }, async ({ act, replaceToken }) => {
      const before = seen.done
      await act("count_up", { ids: ["a"] }, key("k8"))
      const other = "responder-token-of-somebody-else"
      replaceToken("responder", other)
      const answer = await act("count_up", { ids: ["a"] }, key("k8", { token: other }))
      expect([answer.status, answer.headers.get("idempotency-replayed")]).toEqual([200, null])
      expect(seen.done).toBe(before + 2)
    }))

  test("with other arguments is a conflict, also after a restart", () =>
    served(async ({ act, restart }) => {
      await act("count_up", { ids: ["a"] }, key("k3"))
      await restart()
      const conflict = await act("count_up", { ids: ["b"] }, key("k3"))
      expect([conflict.status, conflict.body.type]).toEqual([409, "/problems/idempotency-conflict"])
    }))

  test("makes a second request wait for the first", () =>
    served(async ({ act }) => {
      seen.gate = Deferred.makeUnsafe()
      const before = seen.done
      const both = [1, 2].map(() => act("wait_here", { ids: ["a"] }, key("k4")))
      await Bun.sleep(100)
      expect((await act("wait_here", { ids: ["b"] }, key("k4"))).status).toBe(409)
      await Effect.runPromise(Deferred.succeed(seen.gate, undefined))
      const [first, second] = await Promise.all(both)
      expect(second!.body).toEqual(first!.body)
      expect(seen.done).toBe(before + 1)
    }))

  test("does not pin what certainly did nothing, but pins an unknown outcome", () =>
    served(async ({ act, restart }) => {
      const before = seen.done
      for (const reason of ["rate_limited", "forbidden", "unreachable"]) {
        await act("fail_as", { reason }, key(`no-${reason}`))
        await act("fail_as", { reason }, key(`no-${reason}`))
      }
      expect(seen.done).toBe(before + 6)
      await act("fail_as", { reason: "outcome_unknown" }, key("yes"))
      await restart()
      const replayed = await act("fail_as", { reason: "outcome_unknown" }, key("yes"))
      expect([replayed.status, replayed.body.type]).toEqual([409, "/problems/outcome-unknown"])
      expect(replayed.headers.get("idempotency-replayed")).toBe("true")
      expect(seen.done).toBe(before + 7)
    }))

  test("is in doubt when the process died between the deed and its record", () =>
    served(async ({ act, restart, file, writeFile, auditLines }) => {
      const before = seen.done
      await act("count_up", { ids: ["a"] }, key("k5"))
      await act("count_up", { ids: ["b"] })
      // The ends of both are lost, and the last line is torn.
      const begun = file("idempotency.ndjson")
        .split("\n")
        .filter((line) => line.includes('"begin"'))
      writeFile("idempotency.ndjson", `${begun.join("\n")}\n{"t":"en`)
      await restart()
      const doubt = await act("count_up", { ids: ["a"] }, key("k5"))
      expect([doubt.status, doubt.body.type]).toEqual([409, "/problems/idempotency-in-doubt"])
      expect(seen.done).toBe(before + 2)
      const outcomes = auditLines().map(({ outcome, ids }) => `${outcome} ${ids}`)
      expect(outcomes).toEqual(["success a", "success b", "unknown a", "unknown b", "refused a"])
      await restart()
      expect((await act("count_up", { ids: ["a"] }, key("k5"))).status).toBe(409)
      expect(auditLines().filter(({ outcome }) => outcome === "unknown")).toHaveLength(2)
    }))

  test("of a dry run means nothing", () =>
    served(async ({ act }) => {
      await act("count_up?dry_run=true", { ids: ["a"] }, key("k7"))
      expect((await act("count_up", { ids: ["a"] }, key("k7"))).body.outcome).toBe("success")
    }))
})

test("stopping waits for what is being carried out", () =>
  served(async ({ act, restart, auditLines }) => {
    seen.gate = Deferred.makeUnsafe()
    const asked = act("wait_here", { ids: ["a"] }).catch(() => undefined)
    await Bun.sleep(100)
    const restarted = restart()
    await Bun.sleep(100)
    await Effect.runPromise(Deferred.succeed(seen.gate, undefined))
    await restarted
    await asked
    expect(auditLines()).toMatchObject([{ action: "wait_here", outcome: "success" }])
  }))
