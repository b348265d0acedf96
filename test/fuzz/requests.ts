/** The HTTP API: whatever is asked is answered, and never with a failure of our own. */
import { expect } from "bun:test"
import fc from "fast-check"
import type { AnyAction } from "../../src/core/actions/action.ts"
import { plugins } from "../../src/plugins/index.ts"
import { type Served, tokens, withServed } from "../actions/served.ts"
import { type FuzzCase, fuzzCase } from "./fuzz-case.ts"

const actions = plugins.flatMap((plugin): readonly AnyAction[] => plugin.actions)

let served: Served
const around = (body: () => Promise<void>): Promise<void> =>
  withServed({ simulator: { rate_limits: false } }, async (running) => {
    served = running
    await body()
  })

const slug = fc.constantFrom(...actions.map((action) => action.slug))
const path = fc.oneof(
  { weight: 6, arbitrary: slug.map((name) => `/actions/${name}`) },
  { weight: 1, arbitrary: slug.map((name) => `/actions/${name}?dry_run=true`) },
  fc.constantFrom("/", "/actions", "/health", "/health/ready", "/metrics", "/openapi.json", "/docs", "/docs/x", "/mcp"),
  fc.constantFrom(
    "/login",
    "/docs/login",
    "/tenants/default/actions",
    "/actions/%00",
    "/actions/..%2f..",
    "/actions/%ff",
  ),
  fc.webPath(),
  fc.webQueryParameters().map((query) => `/actions/get_alerts_v2?${query}`),
)

const example = fc.constantFrom(...actions.map((action) => action.example as Record<string, unknown>))
/** Arguments that are right but for one of them. */
const spoilt = fc.tuple(example, fc.nat(), fc.jsonValue()).map(([right, at, value]) => {
  const keys = Object.keys(right)
  return keys.length === 0 ? { extra: value } : { ...right, [keys[at % keys.length]!]: value }
})
const nested = fc
  .tuple(fc.constantFrom("[", '{"a":', '[{"a":'), fc.nat(3_000), fc.constantFrom("1", "", "]", "}"))
  .map(([opening, times, end]) => opening.repeat(times) + end)
const rpc = fc
  .record(
    {
      jsonrpc: fc.constantFrom("2.0", "1.0"),
      id: fc.oneof(fc.nat(), fc.string(), fc.constant(null)),
      method: fc.constantFrom("initialize", "tools/list", "tools/call", "ping", "x"),
      params: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  .map((value) => JSON.stringify(value))
const body = fc.oneof(
  { weight: 4, arbitrary: spoilt.map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: fc.json() },
  nested,
  rpc,
  fc.string({ unit: "binary" }),
  fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
)

const header_text = fc.string({ unit: "grapheme-ascii", maxLength: 20 }).map((text) => text.trim())
const request = fc.record({
  path,
  method: fc.oneof(
    { weight: 6, arbitrary: fc.constant("POST") },
    fc.constantFrom("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"),
  ),
  body,
  type: fc.oneof(
    { weight: 8, arbitrary: fc.constant("application/json") },
    fc.constantFrom("application/ld+json; charset=utf-16", "text/plain", "multipart/form-data; boundary=x", "json", ""),
    fc.constant("application/x-www-form-urlencoded"),
    header_text,
  ),
  authorization: fc.oneof(
    { weight: 8, arbitrary: fc.constant(`Bearer ${tokens.responder}`) },
    fc.constantFrom(`Bearer ${tokens.reader}`, "Bearer", "Basic Og==", "Bearer ", ""),
    header_text,
  ),
  extra: fc.dictionary(
    fc.constantFrom("idempotency-key", "x-request-id", "accept", "cookie", "mcp-session-id", "origin"),
    header_text,
    { noNullPrototype: true, maxKeys: 2 },
  ),
})

/** Statuses of 5xx that tell of Falcon or of a start that is still under way, and not of a failure of ours. */
const not_ours: readonly number[] = [502, 503, 504]

/** What browsers are shown is HTML, and MCP has refusals of its own. */
const speaksOtherwise = /^\/(docs|mcp)/

export const request_cases: readonly FuzzCase[] = [
  fuzzCase(
    "a request of any bytes, content type and nesting is answered, and a refusal is a problem document",
    2_000,
    fc.asyncProperty(request, async ({ path, method, body, type, authorization, extra }) => {
      const has_body = method !== "GET" && method !== "HEAD"
      const answer = await served.fetch(
        new Request(`http://akonis.test${path}`, {
          method,
          headers: { ...extra, "content-type": type, authorization },
          ...(has_body && { body }),
        }),
      )
      const text = await answer.text()
      expect(answer.status < 500 || not_ours.includes(answer.status)).toBe(true)
      if (answer.status < 400 || method === "HEAD" || speaksOtherwise.test(path)) return
      expect(answer.headers.get("content-type")).toBe("application/problem+json")
      expect(JSON.parse(text)).toMatchObject({ status: answer.status, title: expect.any(String) })
      expect(text).not.toMatch(/\\n\s+at |node_modules/)
    }),
    around,
  ),
]
