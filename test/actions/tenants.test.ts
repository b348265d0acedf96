/** Several tenants in one process: who sees which, and what the routes at the root say. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import type { StatusReport } from "../../src/api/status/schema.ts"
import { loadConfig } from "../../src/core/config/load.ts"
import type { HealthReport } from "../../src/core/telemetry/health.ts"
import { onRealClock, temporaryFolder } from "../support/effect.ts"
import { expectProblem, unknown_host } from "./problems.ts"
import { type ServedOptions, tokens, withServed } from "./served.ts"

const two = ["acme", "umbrella"]
/** The reader sees both, the responder and the admin are bound to one each. */
const bound: ServedOptions = { tenants: two, bound: { responder: ["acme"], admin: ["umbrella"] } }

describe("a token that is bound to tenants", () => {
  test("sees these and no others, on every route", () =>
    withServed(bound, async ({ ask, act }) => {
      const { responder, reader } = tokens
      expect((await ask("/tenants", { token: reader })).body).toEqual({
        tenants: two.map((id) => ({ id, actions: `/tenants/${id}/actions` })),
      })
      expect((await ask("/tenants", { token: responder })).body).toEqual({
        tenants: [{ id: "acme", actions: "/tenants/acme/actions" }],
      })
      expect((await ask("/tenants/acme/actions", { token: responder })).status).toBe(200)
      for (const path of ["actions", "actions/isolate_hosts", "approvals", "runs/x", "dead-letters/x", "tap"]) {
        const hidden = await ask<{ detail: string }>(`/tenants/umbrella/${path}`, { token: responder })
        const absent = await ask<{ detail: string }>(`/tenants/nobody/${path}`, { token: responder })
        expectProblem(hidden, 404, "not-found")
        expect(hidden.body.detail).toBe(absent.body.detail)
        expect(hidden.text).not.toContain("umbrella")
      }
      const acted = await act("", {}, { token: responder })
      expect(acted.status).toBe(404)
      const asked = { method: "POST", token: responder, body: { ids: [unknown_host] } }
      expectProblem(await ask("/tenants/umbrella/actions/isolate_hosts", asked), 404, "not-found")
      expectProblem(await ask("/tenants/acme/actions/isolate_hosts", asked), 404, "upstream-not-found")
      expect((await ask("/tenants/umbrella/mcp", { ...asked, body: {} })).status).toBe(404)
    }))

  test("reads metrics, status, health and the API description of these alone", () =>
    withServed(bound, async ({ ask }) => {
      const { responder, reader } = tokens
      await ask("/tenants/umbrella/actions", { token: reader })
      for (const path of ["/metrics", "/openapi.json", "/status", "/health"]) {
        expect((await ask(path, { token: responder })).text).not.toContain("umbrella")
        expect((await ask(path, { token: reader })).text).toContain("umbrella")
      }
      const { tenants } = (await ask<StatusReport>("/status", { token: responder })).body
      expect(tenants.map(({ id }) => id)).toEqual(["acme"])
    }))

  test("as admin purges and replays dead letters of these alone, and reads no log of all", () =>
    withServed(bound, async ({ ask }) => {
      const purge = (tenant: string) =>
        ask<{ detail?: string }>("/admin/dead-letters/purge", {
          method: "POST",
          token: tokens.admin,
          body: { tenant, which: "replayed" },
        })
      expect((await purge("umbrella")).status).toBe(200)
      expectProblem(await ask("/admin/logs", { token: tokens.admin }), 403, "not-allowed")
      const refused = await purge("acme")
      expectProblem(refused, 404, "not-found")
      expect(refused.text).not.toContain("acme")
    }))

  test("must name tenants that there are", () =>
    onRealClock(
      Effect.gen(function* () {
        const file = `${yield* temporaryFolder}/akonis.yaml`
        const token = { name: "soc", token: "a-token-of-the-soc", role: "reader", tenants: ["acme", "acmee"] }
        const yaml = { client_id: "id", client_secret: "a-client-secret", server: { tokens: [token] } }
        yield* Effect.promise(() => Bun.write(file, JSON.stringify({ ...yaml, tenants: [{ id: "acme" }] })))
        const error = yield* Effect.flip(loadConfig({ file, env: {}, plugins: [] }))
        expect(error).toMatchObject({
          key: "server.tokens[0].tenants[1]",
          message: 'there is no tenant "acmee"; there are: acme',
        })
      }),
    ))
})

describe("every answer about a tenant", () => {
  test("names it: what was found, what would be asked, what was refused", () =>
    withServed({ tenants: two }, async ({ ask }) => {
      const { admin } = tokens
      const post = (path: string, body: object) =>
        ask<{ tenant?: string }>(path, { method: "POST", token: admin, body })
      const found = await post("/tenants/umbrella/actions/search_alerts", {})
      expect(found.status).toBe(200)
      expect(found.body.tenant).toBe("umbrella")
      expect((await post("/tenants/acme/actions/search_alerts?dry_run=true", {})).body.tenant).toBe("acme")
      for (const [path, body] of [
        ["actions/isolate_hosts", { ids: [unknown_host] }],
        ["actions/isolate_hosts", { ids: 3 }],
        ["actions/nothing", {}],
        ["actions/isolate_hosts?wait=x", { ids: [unknown_host] }],
      ] as const) {
        const refused = await post(`/tenants/acme/${path}`, body)
        expect([path, refused.status >= 400, refused.body.tenant]).toEqual([path, true, "acme"])
      }
    }))
})

describe("the routes at the root", () => {
  test("name those of the tenants that the token sees", () =>
    withServed(bound, async ({ ask }) => {
      for (const path of ["/actions", "/actions/isolate_hosts", "/approvals", "/runs/x", "/mcp", "/dead-letters/x"]) {
        const told = await ask<{ detail: string }>(path, { token: tokens.responder })
        expectProblem(told, 404, "not-found")
        expect(told.body.detail).toContain(`/tenants/acme/${path.split("/")[1]}`)
        expect(told.body.detail).not.toContain("umbrella")
      }
    }))

  test("of a single tenant are its own, and it is listed", () =>
    withServed({}, async ({ ask }) => {
      expect((await ask("/tenants", { token: tokens.reader })).body).toEqual({
        tenants: [{ id: "default", actions: "/actions" }],
      })
    }))
})

describe("open health", () => {
  const names = async (options: ServedOptions, token?: string) => {
    let report: HealthReport | undefined
    await withServed({ tenants: two, ...options }, async ({ ask }) => {
      report = (await ask<HealthReport>("/health", { token })).body
    })
    return Object.keys(report!.plugins)
  }

  test("names no tenant", async () => {
    const plugins = await names({})
    expect(plugins).toContain("alerts")
    expect(plugins.filter((name) => name.includes("/"))).toEqual([])
  })

  test("says how many are unwell, without a detail that may hold a name", () =>
    withServed(
      { tenants: two, simulator: { faults: [{ on: "token", every: 1, do: { status: 403, body: "{}" } }] } },
      async ({ ask }) => {
        const look = async () => (await ask<HealthReport>("/health")).body
        for (let turn = 0; (await look()).plugins.alerts?.detail !== "2 of 2 tenants; a token shows which"; turn++) {
          expect(turn).toBeLessThan(500)
          await Bun.sleep(10)
        }
        expect((await look()).status).toBe("degraded")
      },
    ))

  test("names them where the configuration says so, and to a token", async () => {
    expect(await names({ health_tenants: true })).toContain("umbrella/alerts")
    expect(await names({}, tokens.reader)).toContain("acme/alerts")
  })
})
