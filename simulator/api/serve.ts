import type { Context, Hono } from "hono"
import type { ContentfulStatusCode } from "hono/utils/http-status"
import { type SimContext, struck } from "../context.ts"
import type { Budget } from "../tenant.ts"
import { deviations, listOf } from "./check.ts"
import type { Fact } from "./fact.ts"
import type { ApiRequest } from "./state.ts"

const requests_kept = 1_000

/** One entry of `errors`. */
export interface ApiError {
  readonly code: number
  readonly message: string
  readonly id?: string
}

/** What a route is asked. */
export interface Call {
  /** As it was called, for calls whose path has a variable part. */
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
  /** The ids or rows, wherever they travel. */
  readonly list: readonly unknown[]
  readonly now: number
}

/** What a route answers. Without a status: the call's success. */
export interface Reply {
  readonly status?: number
  readonly resources?: readonly unknown[] | null
  readonly errors?: readonly ApiError[]
  /** Goes into `meta`. */
  readonly meta?: Readonly<Record<string, unknown>>
  /** The whole answer, where it has no envelope; null for an empty one. */
  readonly body?: Readonly<Record<string, unknown>> | null
}

/**
 * Serves one call of the API as every one is served: recorded, struck by faults, held against its facts, refused without
 * token, budget or scope, or with too long a list. What is left is `answer`'s, after `delay_ms`.
 */
export function serve(app: Hono, sim: SimContext, fact: Fact, answer: (call: Call) => Reply, delay_ms = 0): void {
  app.on(fact.method, fact.path.replace("{vertex-type}", ":type"), async (c) => {
    const now = sim.clock.now()
    const query = new URL(c.req.url).searchParams
    const body = parsed(await c.req.text())
    for (const what of deviations(fact, query, body)) sim.ledger.violation(`${fact.method} ${fact.path}: ${what}`, now)
    const list = listOf(fact, query, body)
    const seen = record(sim, {
      at_ms: now,
      method: fact.method,
      path: fact.path,
      query_keys: [...new Set(query.keys())],
      ids: list.length,
      status: 0,
    })
    if (delay_ms > 0) await sim.clock.sleep(delay_ms, c.req.raw.signal)
    const response =
      (await fault(sim, c)) ??
      refusal(sim, c, fact) ??
      respond(sim, c, fact, judged(fact, { path: c.req.path, query, body, list, now }, answer))
    seen.status = response.status
    return response
  })
}

/** The ids of `wanted` split into what is known and an error for each of the rest. */
export function known<Item>(items: Readonly<Record<string, Item>>, wanted: readonly unknown[], what: string) {
  const ids = wanted.map(String)
  return {
    found: ids.filter((id) => Object.hasOwn(items, id)).map((id) => items[id]!),
    errors: ids
      .filter((id) => !Object.hasOwn(items, id))
      .map((id): ApiError => ({ code: 404, message: `${what} not found`, id })),
  }
}

/** Refuses a list that is empty or too long; lets the route answer the rest. */
function judged(
  fact: Fact,
  call: Omit<Call, "body"> & { readonly body: unknown },
  answer: (call: Call) => Reply,
): Reply {
  const { list } = fact
  if (list?.max !== undefined && call.list.length > list.max) {
    const message = `too many ${list.key}: ${call.list.length}, maximum ${list.max}`
    const code = list.over ?? 400
    return { status: code, errors: [{ code, message }], resources: [] }
  }
  if (list !== undefined && list.optional !== true && call.list.length === 0) {
    return { status: 400, errors: [{ code: 400, message: `${list.key}: at least one is required` }], resources: [] }
  }
  const { body } = call
  const keys = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {}
  return answer({ ...call, body: keys })
}

async function fault(sim: SimContext, c: Context): Promise<Response | undefined> {
  const deed = await struck(sim, "api", undefined, c.req.raw)
  return deed instanceof Response ? deed : undefined
}

/** Token, budget and scope, in this order. */
function refusal(sim: SimContext, c: Context, fact: Fact): Response | undefined {
  const now = sim.clock.now()
  const [scheme, bearer] = (c.req.header("authorization") ?? "").split(" ")
  // The scheme in any case: PSFalcon writes `bearer`.
  const valid = scheme?.toLowerCase() === "bearer" && bearer !== undefined && sim.tenant.accepts(bearer, now)
  const budget = valid ? sim.tenant.spend("tenant", now) : sim.address.spend("bad_bearer", now)
  showBudget(c, budget)
  const refuse = (code: number, message: string, powered_by = "crowdstrike-api-gateway") =>
    envelope(sim, c, code, { errors: [{ code, message }] }, { powered_by })
  if (!budget.allowed) return refuse(429, "API rate limit exceeded.")
  if (!valid) return refuse(401, "access denied, invalid bearer token")
  const { api_scopes } = sim.settings
  if (api_scopes === undefined || api_scopes.includes(fact.scope)) return undefined
  const errors = [{ code: 403, message: "access denied, authorization failed" }]
  // The policies' 403 is MsaErrorsOnly (gofalcon).
  return fact.path.startsWith("/policy/") ? c.json({ errors }, 403) : envelope(sim, c, 403, { errors })
}

function respond(sim: SimContext, c: Context, fact: Fact, reply: Reply): Response {
  const status = reply.status ?? fact.success
  if (reply.body === null) return c.body(null, status as ContentfulStatusCode)
  return reply.body === undefined ? envelope(sim, c, status, reply) : c.json(reply.body, status as ContentfulStatusCode)
}

function envelope(sim: SimContext, c: Context, status: number, reply: Reply, more = {}): Response {
  const trace_id = `00000000-0000-4000-9000-${sim.tenant.state.requests_seen.toString(16).padStart(12, "0")}`
  c.header("X-Cs-Traceid", trace_id)
  const { resources, errors = [], meta } = reply
  const body = { meta: { query_time: 0.001, trace_id, ...more, ...meta }, errors, resources }
  return c.json(body, status as ContentfulStatusCode)
}

function showBudget(c: Context, budget: Budget): void {
  c.header("X-RateLimit-Limit", String(budget.limit))
  c.header("X-RateLimit-Remaining", String(budget.remaining))
  if (!budget.allowed) c.header("X-RateLimit-RetryAfter", String(budget.retry_after_s))
}

function record(sim: SimContext, request: ApiRequest): ApiRequest {
  const { requests } = sim.api
  requests.push(request)
  if (requests.length > 2 * requests_kept) requests.splice(0, requests_kept)
  return request
}

/** Undefined for an empty body, and for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
