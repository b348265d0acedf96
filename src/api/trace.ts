/** Requests that run actions, as parts of the traces of whoever sends them. */
import { Clock, Effect, Exit, type Tracer } from "effect"
import { Tracing } from "../core/telemetry/tracing/spanned.ts"
import { readTraceparent } from "../core/telemetry/tracing/traceparent.ts"
import type { Api, ApiContext } from "./api.ts"
import { methodOf, routeOf } from "./time-requests.ts"

/** Requests that may act: the actions, approvals, and MCP. Nobody wants a span of every look at the health. */
const acts = /\/(actions\/[^/]+|approvals\/[^/]+|mcp)$/

/**
 * Middleware: joins a request to the trace that its header `traceparent` names, or begins one while traces are collected, and gives the
 * id of the trace in `X-Trace-Id`. Only for callers who are known: nobody else makes spans.
 */
export const giveTrace =
  (api: Pick<Api, "run">) =>
  async (c: ApiContext, next: () => Promise<void>): Promise<void> => {
    if (c.req.method !== "POST" || !acts.test(c.req.path)) return await next()
    const parent = readTraceparent(c.req.header("traceparent"))
    const span = await api.run(beginSpan(parent))
    const trace = span ?? parent
    if (trace === undefined) return await next()
    c.set("trace", trace)
    await next()
    c.res.headers.set("x-trace-id", trace.traceId)
    if (span === undefined) return
    const { status } = c.res
    const attributes = {
      "http.request.method": methodOf(c.req.method),
      "http.route": routeOf(c),
      "http.response.status_code": status,
      "akonis.request_id": c.get("request_id"),
      ...(status >= 500 && { "error.type": String(status) }),
    }
    for (const [key, value] of Object.entries(attributes)) span.attribute(key, value)
    await api.run(Effect.map(Clock.currentTimeNanos, (now) => span.end(now, Exit.void)))
  }

const beginSpan = (parent: Tracer.AnySpan | undefined): Effect.Effect<Tracer.Span | undefined> =>
  Effect.withFiber((fiber) =>
    fiber.getRef(Tracing)
      ? Effect.makeSpan("http.request", { kind: "server", root: parent === undefined, ...(parent && { parent }) })
      : Effect.succeed(undefined),
  )
