import { describe, expect, test } from "bun:test"
import { type App, withApp } from "./app.ts"
import { type Served, tokens, withServed } from "./served.ts"

interface Waited {
  readonly wait: readonly object[]
  readonly run: { readonly id: string; readonly state: string }
}

const idsOf = async (app: App, count: number) => Object.keys((await app.api()).hosts).slice(0, count)
const waitedOf = (said: { readonly body: unknown }) => said.body as Waited
const listed = async ({ act }: Served, limit: number): Promise<string[]> => {
  const { body } = await act("query_devices_by_filter", { limit })
  return "resources" in body.results ? (body.results.resources as string[]) : []
}

describe("an action that is waited for", () => {
  test("answers when the hosts are as was asked for, with before and after", () =>
    withApp({ containment_ms: 20_000 }, async (app) => {
      const ids = await idsOf(app, 2)
      const said = await app.act("isolate_endpoints", { ids: [...ids, "unknown"] }, "?wait=60")
      expect(said.status).toBe(200)
      expect(waitedOf(said)).toMatchObject({
        outcome: "partial",
        run: { state: "done" },
        wait: [
          ...ids.map((id) => ({ id, state: "confirmed", before: "normal", after: "contained" })),
          { id: "unknown", state: "failed", before: null, after: null },
        ],
      })
      const back = await app.act("deisolate_endpoints", { ids }, "?wait=60")
      expect(waitedOf(back).wait).toMatchObject(ids.map((id) => ({ id, state: "confirmed", after: "normal" })))
      for (const [action_name, after] of [
        ["hide_host", "hidden"],
        ["unhide_host", "visible"],
      ] as const) {
        const hidden = await app.act("perform_host_action", { ids, action_name }, "?wait=30")
        expect(waitedOf(hidden).wait).toMatchObject(ids.map((id) => ({ id, state: "confirmed", after })))
      }
    }))

  test("says what is pending when the time is over", () =>
    withApp({ containment_ms: 600_000 }, async (app) => {
      const ids = await idsOf(app, 1)
      const said = await app.act("isolate_endpoints", { ids }, "?wait=20")
      expect(said.status).toBe(200)
      expect(waitedOf(said)).toMatchObject({
        run: { state: "done" },
        wait: [{ id: ids[0], state: "pending", before: "normal", after: "containment_pending" }],
      })
    }))

  test("that outlives its request answers 202", () =>
    withApp({ containment_ms: 100_000 }, async (app) => {
      const said = await app.act("isolate_endpoints", { ids: await idsOf(app, 1) }, "?wait=3600")
      const { run, wait } = waitedOf(said)
      expect([said.status, said.headers.get("location"), run.state]).toEqual([202, `/runs/${run.id}`, "waiting"])
      expect(wait).toMatchObject([{ state: "pending" }])
    }))

  test.each(["0", "x", "1.5", "86401", ""])("for %p seconds is refused, and nothing is done", (wait) =>
    withApp({}, async (app) => {
      const said = await app.act("isolate_endpoints", { ids: await idsOf(app, 1) }, `?wait=${wait}`)
      expect([said.status, (await app.calls()).length]).toEqual([400, 0])
    }),
  )

  test("although it is done when it answers is refused", () =>
    withApp({}, async (app) => {
      const said = await app.act("tag_hosts", { ids: ["a"], tags: ["FalconGroupingTags/x"] }, "?wait=5")
      expect([said.status, (await app.calls()).length]).toEqual([400, 0])
    }))

  test("is shown in a dry run as it is without the wait", () =>
    withApp({}, async (app) => {
      const ids = await idsOf(app, 1)
      const dry = await app.act("isolate_endpoints", { ids }, "?dry_run=true&wait=5")
      expect([dry.status, dry.body.outcome, (await app.calls()).length]).toEqual([200, "dry_run", 0])
    }))

  test("goes on through a restart, and /runs tells how it ended", () =>
    withServed({ simulator: { containment_ms: 6_000 } }, async (served) => {
      const ids = await listed(served, 1)
      const asking = served
        .ask("/actions/isolate_endpoints?wait=3600", { method: "POST", token: tokens.responder, body: { ids } })
        .catch(() => undefined)
      const { readdirSync } = await import("node:fs")
      const runs = () => {
        try {
          return readdirSync(`${served.data_dir}/runs`).filter((name) => name.endsWith(".json"))
        } catch {
          return []
        }
      }
      while (runs().length === 0) await Bun.sleep(50)
      await served.restart()
      await asking
      const id = runs()[0]!.replace(".json", "")
      let run = await served.ask<{ state: string }>(`/runs/${id}`, { token: tokens.reader })
      expect(run.status).toBe(200)
      while (run.body.state !== "done") {
        await Bun.sleep(200)
        run = await served.ask(`/runs/${id}`, { token: tokens.reader })
      }
      expect(run.body).toMatchObject({
        wait: [{ id: ids[0], state: "confirmed", before: "normal", after: "contained" }],
      })
      expect((await served.ask("/runs/nothing", { token: tokens.reader })).status).toBe(404)
    }))
})
