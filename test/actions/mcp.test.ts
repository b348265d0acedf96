import { describe, expect, test } from "bun:test"
import { cases } from "./cases.ts"
import { own, seen } from "./own.ts"
import { type Served, type ServedOptions, tokens, withServed } from "./served.ts"

interface Reply {
  readonly result?: {
    readonly isError?: boolean
    readonly structuredContent?: Record<string, unknown>
    readonly content?: readonly { readonly type: string; readonly text: string }[]
    readonly tools?: readonly { readonly name: string; readonly inputSchema: object; readonly annotations: object }[]
    readonly protocolVersion?: string
  }
  readonly error?: { readonly code: number; readonly message: string }
}

/** A client as the specification describes it, over the wire. */
const connect = async ({ ask }: Served, token: string = tokens.responder, path = "/mcp") => {
  let next = 0
  let session: Record<string, string> = {}
  const send = async (method: string, params?: object, notification = false) => {
    const told = await ask<Reply>(path, {
      method: "POST",
      token,
      headers: { accept: "application/json, text/event-stream", ...session },
      body: { jsonrpc: "2.0", method, ...(params && { params }), ...(!notification && { id: ++next }) },
    })
    return told
  }
  const opened = await send("initialize", {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  })
  expect(opened.body.result?.protocolVersion).toBe("2025-06-18")
  session = {
    "mcp-session-id": opened.headers.get("mcp-session-id") ?? "",
    "mcp-protocol-version": "2025-06-18",
  }
  expect((await send("notifications/initialized", undefined, true)).status).toBe(202)
  const call = async (name: string, args: object) => (await send("tools/call", { name, arguments: args })).body
  return { send, call, session }
}

const withClient = (
  options: ServedOptions,
  body: (client: Awaited<ReturnType<typeof connect>>, served: Served) => Promise<void>,
) => withServed(options, async (served) => body(await connect(served), served))

describe("the Model Context Protocol", () => {
  test("lists every action as a tool with hints and a schema", () =>
    withClient({}, async ({ send }) => {
      const { body } = await send("tools/list")
      const tools = body.result!.tools!
      expect(tools).toHaveLength(Object.keys(cases).length)
      expect(tools.find(({ name }) => name === "isolate_endpoints")).toMatchObject({
        inputSchema: { type: "object", required: ["ids"], properties: { ids: {}, dry_run: { type: "boolean" } } },
        annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
      })
      expect(tools.find(({ name }) => name === "get_device_details")!.annotations).toMatchObject({ readOnlyHint: true })
      expect((await send("ping")).body.result).toEqual({})
    }))

  test("calls a tool, and puts who called it in the audit log", () =>
    withClient({}, async ({ call }, { auditLines }) => {
      const found = await call("query_devices_by_filter", { limit: 2 })
      const content = found.result!.structuredContent! as { results: { resources: string[] } }
      expect(JSON.parse(found.result!.content![0]!.text)).toEqual(content)
      const ids = content.results.resources
      const tried = await call("isolate_endpoints", { ids, dry_run: true })
      expect(tried.result!.structuredContent).toMatchObject({ outcome: "dry_run" })
      const done = await call("isolate_endpoints", { ids })
      expect(done.result).toMatchObject({ isError: false, structuredContent: { outcome: "success" } })
      expect(auditLines()).toMatchObject([{ who: "responder-1", via: "mcp", action: "isolate_endpoints", ids }])
    }))

  test("runs a tool in the trace of its client", () =>
    withClient({ plugins: [own] }, async ({ session }, { ask, auditLines }) => {
      const trace = "0af7651916cd43dd8448eb211c80319c"
      const { headers } = await ask("/mcp", {
        method: "POST",
        token: tokens.responder,
        headers: {
          accept: "application/json, text/event-stream",
          traceparent: `00-${trace}-b7ad6b7169203331-01`,
          ...session,
        },
        body: { jsonrpc: "2.0", id: 9, method: "tools/call", params: { name: "count_up", arguments: { ids: ["a"] } } },
      })
      expect(headers.get("x-trace-id")).toBe(trace)
      expect(auditLines()).toMatchObject([{ via: "mcp", w3c_trace_id: trace }])
    }))

  test("tells what is wrong as a tool's error", () =>
    withClient({ plugins: [own] }, async ({ call, send }) => {
      const wrong = await call("count_up", { ids: 3, other: 1 })
      expect(wrong.result).toMatchObject({
        isError: true,
        structuredContent: { status: 400, errors: [{ field: "ids" }, { field: "other" }] },
      })
      expect((await call("fail_as", { reason: "forbidden" })).result).toMatchObject({
        isError: true,
        structuredContent: { required_scopes: ["Hosts: Write"] },
      })
      expect((await call("count_up", { ids: [], dry_run: "perhaps" })).result!.isError).toBe(true)
      expect((await call("nothing", {})).error!.message).toContain("not found")
      expect((await send("nothing/such")).body.error!.code).toBe(-32601)
    }))

  test("is for responders: a reader may not even open a session, let alone act", () =>
    withServed({ plugins: [own] }, async ({ ask }) => {
      const before = seen.done
      for (const [method, params] of [
        ["initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } }],
        ["tools/call", { name: "count_up", arguments: { ids: ["a"] } }],
      ]) {
        const body = { jsonrpc: "2.0", id: 1, method, params }
        const headers = { accept: "application/json, text/event-stream" }
        const told = await ask("/mcp", { method: "POST", token: tokens.reader, headers, body })
        expect([told.status, told.body.type]).toEqual([403, "/problems/not-allowed"])
      }
      expect(seen.done).toBe(before)
    }))

  test("waits until it has happened, where it is asked to", () =>
    withClient({ simulator: { containment_ms: 1_000 } }, async ({ call }) => {
      const found = await call("query_devices_by_filter", { limit: 1 })
      const { results } = found.result!.structuredContent as { results: { resources: string[] } }
      const waited = await call("isolate_endpoints", { ids: results.resources, wait: 30 })
      expect(waited.result).toMatchObject({
        isError: false,
        structuredContent: { wait: [{ id: results.resources[0], state: "confirmed", after: "contained" }] },
      })
      const refused = await call("isolate_endpoints", { ids: results.resources, wait: 0 })
      expect(refused.result).toMatchObject({ isError: true, structuredContent: { status: 400 } })
    }))

  test("honours read-only mode", () =>
    withClient({ plugins: [own], read_only: true }, async ({ call }) => {
      const before = seen.done
      const refused = await call("count_up", { ids: ["a"] })
      expect(refused.result).toMatchObject({ isError: true, structuredContent: { status: 403 } })
      expect(seen.done).toBe(before)
      expect((await call("look_up", {})).result!.isError).toBe(false)
    }))

  test("is told apart by tenant, caller and session", () =>
    withServed({ tenants: ["acme", "umbrella"] }, async (served) => {
      const acme = await connect(served, tokens.admin, "/tenants/acme/mcp")
      await acme.call("isolate_endpoints", { ids: ["0".repeat(32)] })
      expect(JSON.parse(served.file("acme/audit.ndjson"))).toMatchObject({ who: "admin-1", tenant: "acme" })
      expect((await served.ask("/tenants/acme/mcp", { token: tokens.responder })).status).toBe(405)
    }))

  test("takes no body that is too large, too deep or no JSON", () =>
    withServed({ plugins: [own] }, async ({ ask }) => {
      const post = async (body: unknown) =>
        (await ask("/mcp", { method: "POST", token: tokens.responder, body })).status
      expect(await post("x".repeat(11_000_000))).toBe(413)
      expect(await post("[".repeat(100_000))).toBe(400)
      expect(await post("{")).toBe(400)
    }))
})
