import { describe, expect, test } from "bun:test"
import type { CatalogueEntry } from "../../src/core/actions/catalogue.ts"
import { actions as bounds } from "../../src/core/actions/limits.ts"
import { hideInLogs } from "../../src/core/telemetry/redact.ts"
import { withApp } from "./app.ts"
import { cases } from "./cases.ts"
import { own } from "./own.ts"
import { expectProblem, hostIds, unknown_host } from "./problems.ts"
import { tokens, withServed } from "./served.ts"

describe("who may", () => {
  test("nobody without a token; a reader looks; a responder acts", () =>
    withServed({}, async ({ ask, act }) => {
      for (const path of ["/actions", "/actions/get_device_details", "/openapi.json", "/metrics", "/docs", "/mcp"]) {
        expectProblem(await ask(path), 401, "unauthenticated")
        expectProblem(await ask(path, { token: "wrong-token-0001" }), 401, "unauthenticated")
      }
      expect((await ask("/actions", { token: tokens.reader })).status).toBe(200)
      const refused = await act("isolate_endpoints", { ids: [unknown_host] }, { token: tokens.reader })
      expectProblem(refused, 403, "not-allowed")
      expect((await act("query_devices_by_filter", { limit: 1 }, { token: tokens.admin })).status).toBe(200)
      expect((await ask("/mcp", { method: "POST", token: tokens.reader, body: {} })).status).toBe(403)
    }))

  test("in read-only mode nothing that changes something runs, not even as a dry run", () =>
    withServed({ read_only: true }, async ({ act, simulator }) => {
      expectProblem(await act("isolate_hosts", { ids: [unknown_host] }), 403, "read-only")
      expect((await act("isolate_hosts?dry_run=true", { ids: [unknown_host] })).status).toBe(403)
      expect((await act("query_devices_by_filter", { limit: 1 })).status).toBe(200)
      expect(simulator.state.requests.filter(({ path }) => path.includes("devices-actions"))).toEqual([])
    }))

  test("while a plugin has not started, its actions answer 503", () =>
    withServed({ started: false }, async ({ act, ask }) => {
      const refused = await act("get_online_state", { ids: [unknown_host] })
      expectProblem(refused, 503, "not-ready")
      expect(refused.headers.get("retry-after")).toBe("5")
      expect((await ask("/health/ready")).status).toBe(503)
    }))
})

describe("the catalogue", () => {
  test("lists every action with what a caller has to know", () =>
    withServed({}, async ({ ask }) => {
      const { body } = await ask<{ actions: CatalogueEntry[] }>("/actions", { token: tokens.reader })
      expect(body.actions).toHaveLength(Object.keys(cases).length)
      const isolate = await ask<CatalogueEntry>("/actions/isolate_hosts", { token: tokens.reader })
      expect(isolate.body).toMatchObject({
        slug: "isolate_endpoints",
        aliases: ["isolate_hosts"],
        arguments: { type: "object", required: ["ids"], additionalProperties: false },
        results: { type: "object", properties: { resources: { type: "array" } } },
        scopes: ["Hosts: Write"],
        changes: true,
        destructive: true,
        idempotent: true,
        limits: { per_call: 500 },
        retired: null,
      })
      const retired = await ask<CatalogueEntry>("/actions/get_incidents", { token: tokens.reader })
      expect(retired.body.retired).toMatchObject({ successor: expect.any(String) })
      expectProblem(await ask("/actions/nothing", { token: tokens.reader }), 404, "unknown-action")
    }))

  test("with several tenants stands below each of them", () =>
    withServed({ tenants: ["acme", "umbrella"] }, async (served) => {
      const root = await served.ask("/actions", { token: tokens.reader })
      expectProblem(root, 404, "not-found")
      expect(root.body.detail).toContain("/tenants/acme/actions, /tenants/umbrella/actions")
      expect((await served.ask("/tenants/acme/actions", { token: tokens.reader })).status).toBe(200)
      expect((await served.ask("/tenants/nobody/actions", { token: tokens.reader })).status).toBe(404)
      const ran = await served.ask("/tenants/umbrella/actions/isolate_hosts", {
        method: "POST",
        token: tokens.responder,
        body: { ids: [unknown_host] },
      })
      expectProblem(ran, 404, "upstream-not-found")
      expect(ran.body.upstream_errors).toEqual([{ id: unknown_host, code: 404, message: "host not found" }])
      expect(JSON.parse(served.file("umbrella/audit.ndjson"))).toMatchObject({ tenant: "umbrella" })
    }))
})

describe("running an action", () => {
  test("answers what worked and what did not, under slug and alias", () =>
    withServed({}, async (served) => {
      const ids = await hostIds(served)
      const answer = await served.act(
        "isolate_hosts",
        { ids: [...ids, unknown_host] },
        { headers: { "x-request-id": "mine-1" } },
      )
      expect(answer.status).toBe(200)
      expect(answer.headers.get("x-request-id")).toBe("mine-1")
      expect(answer.body).toMatchObject({
        action: "isolate_endpoints",
        outcome: "partial",
        request_id: "mine-1",
        trace_ids: [expect.any(String)],
        counts: { requested: 4, succeeded: 3, failed: 1 },
        errors: [{ id: unknown_host, code: 404, message: expect.any(String) }],
      })
      expect((await served.act("isolate_endpoints", { ids })).body).toMatchObject({ outcome: "success" })
    }))

  test("a dry run shows the exact requests and sends none", () =>
    withServed({}, async ({ act, simulator }) => {
      const { status, body, text } = await act("isolate_hosts?dry_run=true", { ids: [unknown_host] })
      expect(status).toBe(200)
      expect(body).toMatchObject({
        outcome: "dry_run",
        results: {
          requests: [
            { method: "POST", url: expect.stringContaining("action_name=contain"), body: { ids: [unknown_host] } },
          ],
        },
      })
      expect(text).not.toContain("Bearer")
      expect(simulator.state.requests.filter(({ path }) => path !== "/oauth2/token")).toEqual([])
      expect((await act("isolate_hosts?dry_run=maybe", { ids: [unknown_host] })).status).toBe(400)
    }))

  test("what could have meant a dry run and is none is refused, and nothing is sent", () =>
    withServed({}, async ({ act, simulator }) => {
      const run = (query: string) => act(`isolate_hosts?${query}`, { ids: [unknown_host] })
      for (const query of [
        "dryRun=true",
        "dry-run=true",
        "dryrun=1",
        "dry_run=true&x=1",
        "dry_run=false&dry_run=true",
        "dry_run=false&dry_run=false",
      ]) {
        const { status, body } = await run(query)
        expect([query, status, body.type]).toEqual([query, 400, "/problems/invalid-request"])
      }
      for (const query of ["dry_run", "dry_run=", "dry_run=1"]) expect((await run(query)).body.outcome).toBe("dry_run")
      expect(simulator.state.requests.filter(({ path }) => path !== "/oauth2/token")).toEqual([])
    }))

  test("no route that changes something takes a parameter that could have meant a dry run", () =>
    withServed({}, async ({ ask }) => {
      const paths = ["/approvals/x", "/mcp", "/admin/dead-letters/purge", "/admin/dead-letters/replay"]
      for (const path of paths) {
        const asking = { method: "POST", token: tokens.admin, body: { which: "all", all: true } } as const
        const { status, body } = await ask(`${path}?dry_run=true`, asking)
        expect([path, status, body.type]).toEqual([path, 400, "/problems/invalid-request"])
      }
    }))

  test("shows nothing of a server that steers a terminal, and no piece of a secret, wherever a text is cut", () =>
    withServed({}, async ({ act, ask, simulator, auditLines }) => {
      const secret = "a-secret-of-the-configuration"
      hideInLogs(secret)
      const error = "\u001b[31mred\u202egreen"
      const body = JSON.stringify({ resources: [{ device_id: unknown_host, code: 400, error }] })
      simulator.addFault({ on: "api", path: "/devices/entities/devices/tags", do: { status: 200, body } })
      const said = await act("tag_hosts", { ids: [unknown_host, "b".repeat(32)], tags: ["FalconGroupingTags/x"] })
      expect(said.text).not.toMatch(/\\u001b|\u202e|\\u202e/)
      expect(said.text).toContain("red")
      const comment = `${"x".repeat(bounds.audit_chars_max - 20)}${secret}`
      await act("add_new_comment_to_alert", { ids: ["unknown"], comment })
      expect(JSON.stringify(auditLines())).not.toContain(secret.slice(0, 10))
      const { text } = await ask(`/${"x".repeat(180)}${secret}`, { token: tokens.admin })
      expect(text).not.toContain(secret.slice(0, 10))
    }))

  test("tells every wrong argument", () =>
    withServed({}, async ({ act }) => {
      const { body, ...rest } = await act("update_alert_status", {
        ids: ["", 3],
        new_status: "gone",
        extra: 1,
        more: 2,
      })
      expectProblem({ body, ...rest }, 400, "invalid-arguments")
      expect((body.errors as readonly { readonly field?: string }[]).map(({ field }) => field)).toEqual([
        "ids.0",
        "ids.1",
        "new_status",
        "extra",
        "more",
      ])
    }))

  test.each([
    ["unauthorized", 502, "upstream-unauthorized", {}],
    ["forbidden", 502, "upstream-forbidden", { required_scopes: ["Hosts: Write"] }],
    ["rate_limited", 429, "upstream-rate-limited", { retry_after_s: 3 }],
    ["retired", 502, "endpoint-retired", { successor: "look_up" }],
    ["unavailable", 502, "upstream-failed", {}],
    ["timeout", 504, "upstream-timeout", {}],
    ["unreachable", 502, "upstream-failed", {}],
    ["malformed", 502, "upstream-failed", {}],
    ["untrusted_url", 502, "upstream-failed", {}],
    ["outcome_unknown", 409, "outcome-unknown", {}],
  ] as const)("says that Falcon failed: %s", (reason, status, kind, more) =>
    withServed({ plugins: [own] }, async ({ act }) => {
      const answer = await act("fail_as", { reason })
      expectProblem(answer, status, kind)
      expect(answer.body).toMatchObject({ trace_ids: ["trace-2"], detail: expect.stringContaining(reason), ...more })
      expect(answer.headers.get("retry-after")).toBe(reason === "rate_limited" ? "3" : null)
    }),
  )

  test("a bug outside of the actions is a 500 that tells nothing of the inside, too", () =>
    withApp({}, async ({ fetch }) => {
      const request = new Request("http://akonis.test/actions")
      Object.defineProperty(request, "headers", {
        get: () => {
          throw new Error("inside of the program")
        },
      })
      const answer = await fetch(request)
      const text = await answer.text()
      expect([answer.status, JSON.parse(text).type]).toEqual([500, expect.stringContaining("unexpected")])
      expect(text).not.toContain("inside of the program")
    }))

  test("an argument that the handler refuses is a 400; a bug is a 500 that tells nothing of the inside", () =>
    withServed({ plugins: [own] }, async ({ act, logs }) => {
      const refused = await act("refuse_argument", { path: "../etc" })
      expectProblem(refused, 400, "invalid-arguments")
      expect(refused.body.errors as unknown).toEqual([{ field: "path", message: "leads out of the data folder" }])
      const broken = await act("break_down", {}, { headers: { "x-request-id": "broken-1" } })
      expectProblem(broken, 500, "unexpected")
      expect(broken.text).not.toContain("inside of the program")
      const line = logs.find((log) => log.includes("inside of the program"))
      expect(line).toContain("broken-1")
    }))

  test("an upstream that refuses scopes, over the wire", () =>
    withServed({ simulator: { api_scopes: ["Hosts: Read"] } }, async ({ act }) => {
      const answer = await act("isolate_endpoints", { ids: [unknown_host] })
      expectProblem(answer, 502, "upstream-forbidden")
      expect(answer.body.required_scopes).toEqual(["Hosts: Write"])
    }))

  test("an upstream 403 from a withdrawn API names the successor and the scope: one of the two is what is missing", () =>
    withServed({ simulator: { api_scopes: [], incidents: "served" } }, async ({ act }) => {
      const answer = await act("get_incidents", { ids: ["a"] })
      expectProblem(answer, 502, "endpoint-retired")
      expect(answer.body.required_scopes).toEqual(["Incidents: Read"])
      expect(answer.body.successor).toContain("/cases/")
    }))
})

describe("a body that nobody should send", () => {
  test.each([
    ["no JSON", "{ids:", {}, 400, "invalid-body"],
    ["an empty body", "", {}, 400, "invalid-body"],
    ["a list", "[1]", {}, 400, "invalid-arguments"],
    ["null", "null", {}, 400, "invalid-arguments"],
    ["deep nesting", `{"ids":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, {}, 400, "invalid-body"],
    ["a form", "ids=1", { "content-type": "application/x-www-form-urlencoded" }, 415, "unsupported-media-type"],
    ["a bad key", '{"ids":["a"]}', { "idempotency-key": "with space" }, 400, "invalid-request"],
    ["a long key", '{"ids":["a"]}', { "idempotency-key": "k".repeat(256) }, 400, "invalid-request"],
  ] as const)("%s", (_, body, headers, status, kind) =>
    withServed({ plugins: [own] }, async ({ act }) => {
      expectProblem(await act("count_up", body, { headers }), status, kind)
    }),
  )

  test("is too large at 50 MB, announced or not", () =>
    withServed({ plugins: [own] }, async ({ act, url }) => {
      const announced = await act("count_up", `{"ids":["${"x".repeat(50_000_000)}"]}`)
      expectProblem(announced, 413, "body-too-large")
      const chunk = new TextEncoder().encode("x".repeat(1_000_000))
      let left = 50
      const streamed = await fetch(`${url}/actions/count_up`, {
        method: "POST",
        headers: { authorization: `Bearer ${tokens.responder}`, "content-type": "application/json" },
        body: new ReadableStream({ pull: (to) => (left-- > 0 ? to.enqueue(chunk) : to.close()) }),
      })
      expect(streamed.status).toBe(413)
      expect((await act("count_up", { ids: ["still here"] })).status).toBe(200)
    }))
})

describe("everything else", () => {
  test("wrong paths and methods are problems too, with the request's id", () =>
    withServed({}, async ({ ask }) => {
      const wrong = await ask("/nowhere", { token: tokens.reader, headers: { "x-request-id": "bad id\u00e9" } })
      expectProblem(wrong, 404, "not-found")
      expect(wrong.headers.get("x-request-id")).toBe(wrong.body.request_id as string)
      const put = await ask("/actions/get_device_details", { method: "PUT", token: tokens.responder, body: {} })
      expectProblem(put, 405, "method-not-allowed")
      expect(put.headers.get("allow")).toBe("GET, POST")
      const unknown = await ask("/actions/format_disk", { method: "POST", token: tokens.responder, body: {} })
      expectProblem(unknown, 404, "unknown-action")
      const misspelt = await ask("/actions/isolate_endpoint", { method: "POST", token: tokens.responder, body: {} })
      expect(misspelt.body.detail).toBe(
        "there is no action isolate_endpoint; the nearest name is isolate_endpoints; GET /actions lists them",
      )
    }))

  test("an argument that is missing is called so, and one of another kind is told which it must be", () =>
    withServed({}, async ({ ask }) => {
      const saying = async (body: unknown) =>
        (await ask("/actions/update_alert_status", { method: "POST", token: tokens.responder, body })).body.errors
      expect(await saying({ id: "x", new_status: 7 })).toEqual([
        { field: "ids", message: "is missing; it must be a list" },
        { field: "new_status", message: "must be one of new, in_progress, closed, reopened" },
        { field: "id", message: "there is no such argument" },
      ])
    }))

  test("no secret stands in an answer, a log line or a file", () =>
    withServed({ plugins: [own] }, async (served) => {
      const { client_secret } = served.simulator.settings
      const answer = await served.act("fail_as", { reason: "rejected", secret: client_secret })
      await served.act("count_up", { ids: ["a"], note: tokens.responder }, { headers: { "idempotency-key": "k" } })
      const everything = [answer.text, ...served.logs, served.file("audit.ndjson")].join("\n")
      for (const secret of [client_secret, tokens.responder, tokens.admin]) expect(everything).not.toContain(secret)
    }))
})
