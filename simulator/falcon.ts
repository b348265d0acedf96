import { type Context, Hono } from "hono"
import { type SimContext, struck } from "./context.ts"
import { openStream } from "./firehose.ts"
import type { Budget, Session } from "./tenant.ts"

const list_path = "/sensors/entities/datafeed/v2"
const feed_path = "/sensors/entities/datafeed/v1"
const actions_path = "/sensors/entities/datafeed-actions/v1"
const refresh_action = "refresh_active_stream_session"
const app_id_form = /^[\w.-]{1,32}$/

/** The routes of a Falcon tenant that an event stream client needs. */
export function falconRoutes(sim: SimContext): Hono {
  const app = new Hono()
  for (const paths of ["/oauth2/*", "/sensors/*"]) {
    app.use(paths, async (c, next) => {
      await next()
      c.header("X-Cs-Traceid", traceId(sim))
    })
  }
  app.post("/oauth2/token", (c) => token(sim, c))
  app.post("/oauth2/revoke", (c) => revoke(sim, c))
  app.get(list_path, (c) => list(sim, c))
  app.get(`${feed_path}/:partition`, (c) => feed(sim, c))
  app.post(`${actions_path}/:partition`, (c) => refresh(sim, c))
  return app
}

/** The envelope around every answer of the API. */
function envelope(sim: SimContext, c: Context, resources: unknown[], powered_by = "FalconHose"): Response {
  return c.json({ meta: meta(sim, powered_by), errors: [], resources }, 200)
}

/** The envelope of a failure. */
function failure(sim: SimContext, c: Context, status: 400 | 401 | 403 | 404 | 409 | 429, message: string) {
  const powered_by = status === 401 || status === 429 ? "crowdstrike-api-gateway" : "FalconHose"
  return c.json({ meta: meta(sim, powered_by), errors: [{ code: status, message }], resources: null }, status)
}

/** Checks the bearer token and the budgets. Answers a response when the request may not go on. */
function refusal(sim: SimContext, c: Context): Response | undefined {
  const now = sim.clock.now()
  const [scheme, bearer] = (c.req.header("authorization") ?? "").split(" ")
  const valid = scheme?.toLowerCase() === "bearer" && bearer !== undefined && sim.tenant.accepts(bearer, now)
  const budget = valid ? sim.tenant.spend("tenant", now) : sim.address.spend("bad_bearer", now)
  showBudget(c, budget)
  if (!budget.allowed) return failure(sim, c, 429, "API rate limit exceeded.")
  return valid ? undefined : failure(sim, c, 401, "access denied, invalid bearer token")
}

async function token(sim: SimContext, c: Context): Promise<Response> {
  const fault = await struck(sim, "token", undefined, c.req.raw)
  if (fault instanceof Response) return fault
  const now = sim.clock.now()
  const budget = sim.address.spend("token", now)
  showBudget(c, budget)
  c.header("X-Cs-Region", sim.settings.region)
  if (!budget.allowed) return failure(sim, c, 429, "API rate limit exceeded.")
  const form = new URLSearchParams(await c.req.text())
  const { client_id, client_secret } = credentials(c, form)
  if (client_id !== sim.settings.client_id || client_secret !== sim.settings.client_secret) {
    const message = "Failed to issue access token - Client authentication failed (e.g., unknown client)"
    return c.json({ meta: meta(sim, "csam"), errors: [{ code: 403, message }] }, 403)
  }
  const access_token = sim.tenant.issueToken(form.get("member_cid") ?? undefined, now)
  return c.json({ access_token, token_type: "bearer", expires_in: sim.settings.token_life_s }, 201)
}

async function revoke(sim: SimContext, c: Context): Promise<Response> {
  const form = new URLSearchParams(await c.req.text())
  const { client_id, client_secret } = credentials(c, form)
  const known = client_id === sim.settings.client_id && client_secret === sim.settings.client_secret
  if (!known) return failure(sim, c, 403, "access denied, authorization failed")
  sim.tenant.revoke(form.get("token") ?? "")
  return envelope(sim, c, [], "csam")
}

async function list(sim: SimContext, c: Context): Promise<Response> {
  const fault = await struck(sim, "list", undefined, c.req.raw)
  if (fault instanceof Response) return fault
  const refused = refusal(sim, c)
  if (refused !== undefined) return refused
  const app_id = c.req.query("appId") ?? ""
  if (!app_id_form.test(app_id)) return failure(sim, c, 400, "appId: 1 to 32 letters and digits are required")
  const now = sim.clock.now()
  if (fault === "empty" || sim.tenant.held(app_id, now)) return envelope(sim, c, [])
  const sessions = sim.tenant.startSessions(app_id, sim.listed, now)
  return envelope(
    sim,
    c,
    sessions.map((session) => resource(sim, c, session)),
  )
}

/** One partition in a listing. */
function resource(sim: SimContext, c: Context, session: Session) {
  const { settings } = sim
  const api = settings.base_url ?? new URL(c.req.url).origin
  const app_id = encodeURIComponent(session.app_id)
  return {
    dataFeedURL: `${settings.firehose_url ?? api}${feed_path}/${session.partition}?appId=${app_id}`,
    sessionToken: { token: session.token, expiration: nanoseconds(sim.tenant.endOf(session)) },
    refreshActiveSessionURL: `${api}${actions_path}/${session.partition}?appId=${app_id}&action_name=${refresh_action}`,
    refreshActiveSessionInterval: settings.session_interval_s,
  }
}

async function refresh(sim: SimContext, c: Context): Promise<Response> {
  const partition = partitionParameter(c)
  const fault = await struck(sim, "refresh", partition, c.req.raw)
  if (fault instanceof Response) return fault
  const refused = refusal(sim, c)
  if (refused !== undefined) return refused
  if (c.req.header("content-type") === undefined) return failure(sim, c, 400, "a Content-Type header is required")
  if (c.req.query("action_name") !== refresh_action) return failure(sim, c, 400, "action_name: unknown action")
  if (partition === undefined) return failure(sim, c, 400, "partition: a number is required")
  const now = sim.clock.now()
  const session = sim.tenant.session(c.req.query("appId") ?? "", partition, now)
  if (session === undefined) return failure(sim, c, 404, "stream2 - Resource Not Found")
  sim.tenant.refresh(session, now)
  return envelope(sim, c, [])
}

async function feed(sim: SimContext, c: Context): Promise<Response> {
  const partition = partitionParameter(c)
  const fault = await struck(sim, "open", partition, c.req.raw)
  if (fault instanceof Response) return fault
  const tape = partition === undefined ? undefined : sim.tapes.get(partition)
  if (partition === undefined || tape === undefined || !sim.listed.has(partition)) {
    return failure(sim, c, 404, "stream2 - Resource Not Found")
  }
  const now = sim.clock.now()
  const session = sim.tenant.session(c.req.query("appId") ?? "", partition, now)
  if (session === undefined || c.req.header("authorization") !== `Token ${session.token}`) {
    return failure(sim, c, 401, "access denied, invalid session token")
  }
  const first = firstIndex(sim, c, partition)
  if (first === undefined) return failure(sim, c, 400, "offset: a number is required, and no whence beside it")
  if (session.stream_open) return failure(sim, c, 409, "the partition already has a consumer with this appId")
  const types = c.req.query("eventType")
  const wanted = types === undefined || types === "" ? undefined : new Set(types.split(","))
  const body = openStream(sim, session, tape, first, wanted, c.req.raw.signal)
  return c.body(body, 200, { "content-type": "application/json" })
}

/** The index of the first event that a stream gets. */
function firstIndex(sim: SimContext, c: Context, partition: number): number | undefined {
  const { settings, tapes } = sim
  const tape = tapes.get(partition)!
  const offset = c.req.query("offset")
  const whence = c.req.query("whence")
  if (whence !== undefined) return whence === "2" && offset === undefined ? tape.head(sim.clock.now()) : undefined
  if (offset === undefined || offset === "") return settings.retention
  if (!/^\d{1,15}$/.test(offset)) return undefined
  const wanted = Number(offset) + (settings.resume === "exclusive" ? 1 : 0)
  return Math.max(settings.retention, tape.indexAtOrAbove(wanted))
}

function partitionParameter(c: Context): number | undefined {
  const text = c.req.param("partition") ?? ""
  return /^\d{1,4}$/.test(text) ? Number(text) : undefined
}

/** Client id and secret from the form or from HTTP Basic. */
function credentials(c: Context, form: URLSearchParams) {
  const [scheme, encoded] = (c.req.header("authorization") ?? "").split(" ")
  if (scheme?.toLowerCase() === "basic" && encoded !== undefined) {
    const [client_id, ...rest] = Buffer.from(encoded, "base64").toString().split(":")
    return { client_id, client_secret: rest.join(":") }
  }
  return { client_id: form.get("client_id"), client_secret: form.get("client_secret") }
}

function showBudget(c: Context, budget: Budget): void {
  c.header("X-RateLimit-Limit", String(budget.limit))
  c.header("X-RateLimit-Remaining", String(budget.remaining))
  if (!budget.allowed) c.header("X-RateLimit-RetryAfter", String(budget.retry_after_s))
}

function meta(sim: SimContext, powered_by: string) {
  return { query_time: 0.001, powered_by, trace_id: traceId(sim) }
}

/** As the tenant counts its requests, so that the same run gives the same ids. */
function traceId(sim: SimContext): string {
  const number = sim.tenant.state.requests_seen.toString(16).padStart(12, "0")
  return `00000000-0000-4000-8000-${number}`
}

/** RFC 3339 with nanoseconds. */
function nanoseconds(time_ms: number): string {
  return new Date(time_ms).toISOString().replace("Z", "000000Z")
}
