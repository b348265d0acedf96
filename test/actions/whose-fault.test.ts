/** What a caller is told of a failure, so that a playbook repeats only what may be repeated. */
import { describe, expect, test } from "bun:test"
import { own, seen } from "./own.ts"
import { expectProblem, hostIds, unknown_host } from "./problems.ts"
import { withServed } from "./served.ts"

describe("running an action", () => {
  test.each([
    [400, 422, "upstream-rejected"],
    [404, 404, "upstream-not-found"],
    [409, 409, "upstream-conflict"],
    [413, 422, "upstream-rejected"],
    [422, 422, "upstream-rejected"],
    [405, 502, "upstream-failed"],
    [301, 502, "upstream-failed"],
  ] as const)("says whose fault a refusal is: Falcon's %i is our %i", (status, ours, kind) =>
    withServed({ plugins: [own] }, async ({ act }) => {
      expectProblem(await act("fail_as", { reason: "rejected", status }), ours, kind)
      // Without an error of Falcon's own it comes from something on the way.
      expectProblem(await act("fail_as", { reason: "rejected", status, said: false }), 502, "upstream-failed")
    }),
  )

  test("a filter that Falcon refuses, ids that it does not know and a host in conflict are not its outage", () =>
    withServed({}, async (served) => {
      const { act, simulator } = served
      expectProblem(await act("query_devices_by_filter", { filter: "nonsense" }), 422, "upstream-rejected")
      expectProblem(await act("get_device_details", { ids: [unknown_host] }), 404, "upstream-not-found")
      const [id] = await hostIds(served, 1)
      const body = JSON.stringify({ errors: [{ code: 409, message: `not available for ID ${id}` }] })
      simulator.addFault({ on: "api", path: "/devices/entities/devices-actions", do: { status: 409, body } })
      expectProblem(await act("isolate_endpoints", { ids: [id] }), 409, "upstream-conflict")
    }))

  test("an outcome that nobody knows is told per id, and the same Idempotency-Key does not try again", () =>
    withServed({}, async (served) => {
      const { act, simulator } = served
      simulator.addFault({ on: "api", path: "/alerts/", do: { status: 500 }, every: 1 })
      const ids = ["alert-1", "alert-2"]
      const asking = { headers: { "idempotency-key": "once" } }
      const said = await act("add_new_comment_to_alert", { ids, comment: "seen" }, asking)
      expect(said.status).toBe(200)
      expect(said.body).toMatchObject({
        outcome: "partial",
        counts: { requested: 2, succeeded: 0, failed: 0, unconfirmed: 2 },
        errors: ids.map((id) => ({ id, code: 500, outcome: "unconfirmed" })),
      })
      const calls = simulator.state.requests.length
      const again = await act("add_new_comment_to_alert", { ids, comment: "seen" }, asking)
      expect([again.headers.get("idempotency-replayed"), again.text]).toEqual(["true", said.text])
      expect(simulator.state.requests).toHaveLength(calls)
    }))

  test.each([
    "dry-run=true",
    "dryRun=true",
    "dryrun=1",
    "DRY_RUN=true",
    "dry_run=false&dry_run=true",
    "dry_run=true&wait=1",
    "constructor=1",
  ])("does not act when the query holds what it does not understand: %s", (query) =>
    withServed({ plugins: [own] }, async ({ act }) => {
      const before = seen.done
      expectProblem(await act(`count_up?${query}`, { ids: ["a"] }), 400, "invalid-request")
      expect(seen.done).toBe(before)
    }),
  )

  test("tells of a search how many match and how to go on", () =>
    withServed({ simulator: { hosts: 250 } }, async ({ act }) => {
      const page = async (offset?: string) => {
        const { body } = await act("query_devices_by_filter", { limit: 100, ...(offset !== undefined && { offset }) })
        return body.results as { resources: string[]; total: number; next?: string }
      }
      const first = await page()
      const second = await page(first.next)
      const third = await page(second.next)
      expect([first.total, second.total, third.total]).toEqual([250, 250, 250])
      expect(third.next).toBeUndefined()
      expect(new Set([first, second, third].flatMap(({ resources }) => resources)).size).toBe(250)
    }))
})
