import { describe, expect, test } from "bun:test"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { makeApprovals } from "../../src/core/actions/approvals.ts"
import { makeMemoryDisk } from "../support/memory-disk.ts"
import { type Served, tokens, withServed } from "./served.ts"

const guarded = { guards: { approval: ["isolate_endpoints"] } }

const hostsOf = async ({ act }: Served, limit: number): Promise<string[]> => {
  const { body } = await act("query_devices_by_filter", { limit })
  return "resources" in body.results ? (body.results.resources as string[]) : []
}
const contained = ({ simulator }: Served) =>
  simulator.state.requests.filter(({ path }) => path.startsWith("/devices/entities/devices-actions")).length
const approveAs = ({ ask }: Served, token: string, id: unknown) => ask(`/approvals/${id}`, { method: "POST", token })

describe("an action that needs a second person", () => {
  test("does nothing until another caller approves it, then runs for who asked, once, on the audit log with both", () =>
    withServed(guarded, async (served) => {
      const { act, ask, auditLines } = served
      const ids = await hostsOf(served, 2)
      const asked = await act("isolate_endpoints", { ids })
      expect(asked).toMatchObject({ status: 403, body: { type: "/problems/approval-needed" } })
      const id = asked.body.approval_id
      expect(contained(served)).toBe(0)
      const listed = await ask<{ approvals: object[] }>("/approvals", { token: tokens.admin })
      expect(listed.body.approvals).toMatchObject([
        { id, who: "responder-1", action: "isolate_endpoints", arguments: { ids } },
      ])
      const approved = await approveAs(served, tokens.admin, id)
      expect(approved).toMatchObject({ status: 200, body: { outcome: "success", counts: { succeeded: 2 } } })
      expect(contained(served)).toBe(1)
      expect((await approveAs(served, tokens.admin, id)).status).toBe(404)
      expect(contained(served)).toBe(1)
      expect(auditLines()).toMatchObject([
        { outcome: "refused", who: "responder-1", detail: expect.stringContaining("approves") },
        { outcome: "success", who: "responder-1", approved_by: "admin-1", ids },
      ])
    }))

  test("is not approved by its own asker, nor by a reader, and that is audited", () =>
    withServed(guarded, async (served) => {
      const asked = await served.act("isolate_endpoints", { ids: await hostsOf(served, 1) })
      const id = asked.body.approval_id
      const own = await approveAs(served, tokens.responder, id)
      expect(own).toMatchObject({ status: 403, body: { type: "/problems/not-allowed" } })
      expect((await approveAs(served, tokens.reader, id)).status).toBe(403)
      expect((await served.ask("/approvals", { token: tokens.reader })).status).toBe(403)
      expect(served.auditLines().at(-1)).toMatchObject({ outcome: "refused", who: "responder-1" })
      expect(contained(served)).toBe(0)
      expect((await approveAs(served, tokens.admin, id)).status).toBe(200)
    }))

  test("waits through a restart, is one however often it is asked for, and its key gives the answer afterwards", () =>
    withServed(guarded, async (served) => {
      const ids = await hostsOf(served, 1)
      const headers = { "idempotency-key": "k1" }
      const first = await served.act("isolate_endpoints", { ids }, { headers })
      const again = await served.act("isolate_endpoints", { ids }, { headers })
      expect(again.body.approval_id).toBe(first.body.approval_id)
      await served.restart()
      const approved = await approveAs(served, tokens.admin, first.body.approval_id)
      const replayed = await served.act("isolate_endpoints", { ids }, { headers })
      expect([replayed.status, replayed.text]).toEqual([200, approved.text])
      expect(contained(served)).toBe(1)
    }))

  test("is approved although a file beside it cannot be read, or holds no run", () =>
    withServed(guarded, async (served) => {
      const asked = await served.act("isolate_endpoints", { ids: await hostsOf(served, 1) })
      const folder = `${served.data_dir}/approvals`
      const [broken, endless] = [crypto.randomUUID(), crypto.randomUUID()]
      const run = JSON.parse(readFileSync(`${folder}/${asked.body.approval_id}.json`, "utf8"))
      mkdirSync(`${folder}/${crypto.randomUUID()}.json`)
      writeFileSync(`${folder}/${broken}.json`, "{")
      writeFileSync(`${folder}/${endless}.json`, JSON.stringify({ ...run, id: endless, until: "one day" }))
      const listed = await served.ask<{ approvals: object[] }>("/approvals", { token: tokens.admin })
      expect(listed.body.approvals).toMatchObject([{ id: asked.body.approval_id }])
      expect((await approveAs(served, tokens.admin, endless)).status).toBe(404)
      const other = await served.act("isolate_endpoints", { ids: await hostsOf(served, 2) })
      expect(other.body.type).toBe("/problems/approval-needed")
      expect((await approveAs(served, tokens.admin, asked.body.approval_id)).status).toBe(200)
    }))

  test("runs once when several approve it at the same time", () =>
    withServed(guarded, async (served) => {
      const asked = await served.act("isolate_endpoints", { ids: await hostsOf(served, 1) })
      const all = await Promise.all(
        Array.from({ length: 8 }, () => approveAs(served, tokens.admin, asked.body.approval_id)),
      )
      expect(all.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(404)])
      expect(contained(served)).toBe(1)
    }))

  test("is held to the other guards when it runs, and says in a dry run that it would wait", () =>
    withServed({ guards: { ...guarded.guards, hosts_per_run_max: 1 } }, async (served) => {
      const ids = await hostsOf(served, 2)
      const dry = await served.ask<{ warnings: string[] }>("/actions/isolate_endpoints?dry_run=true", {
        method: "POST",
        token: tokens.responder,
        body: { ids },
      })
      expect(dry.body.warnings).toEqual([
        "would wait for another caller's approval",
        expect.stringContaining("hosts_per_run_max"),
      ])
      const asked = await served.act("isolate_endpoints", { ids })
      expect(await approveAs(served, tokens.admin, asked.body.approval_id)).toMatchObject({
        status: 403,
        body: { type: "/problems/guarded" },
      })
      expect(contained(served)).toBe(0)
    }))

  test.each(["..%2f..%2fapi-token", "nothing", "0".repeat(36)])("of no such id is not there: %s", (id) =>
    withServed(guarded, async (served) => {
      expect((await approveAs(served, tokens.admin, id)).status).toBe(404)
    }),
  )

  test("must be the slug of one that changes something: else nothing starts", () =>
    expect(withServed({ guards: { approval: ["isolate_hosts"] } }, async () => {})).rejects.toThrow())
})

test("what nobody approves within half an hour is gone", () =>
  Effect.gen(function* () {
    const approvals = yield* makeApprovals("data")
    const run = {
      who: "soc",
      role: "responder",
      owner: "o",
      via: "http",
      request_id: "r",
      action: "isolate_endpoints",
      hash: "h",
      arguments: { ids: ["a"] },
    } as const
    const { id } = yield* approvals.submit(run)
    yield* TestClock.adjust("29 minutes")
    expect(yield* approvals.list).toHaveLength(1)
    yield* TestClock.adjust("2 minutes")
    const late = yield* Effect.flip(approvals.claim(id, { name: "boss", owner: "b" }))
    expect(late.problem.status).toBe(404)
    expect(yield* approvals.list).toEqual([])
  }).pipe(Effect.provide([makeMemoryDisk().layer, TestClock.layer()]), Effect.runPromise))
