/** Times requests to our own API. */
import { Effect, Metric } from "effect"
import { routePath } from "hono/route"
import { metrics } from "../core/telemetry/metrics.ts"
import type { ApiContext } from "./api.ts"

/** Middleware: times every request under the route that answered it, so that no path of a caller becomes a label. */
export const timeRequests = async (c: ApiContext, next: () => Promise<void>): Promise<void> => {
  const begun_ms = performance.now()
  await next()
  const labels = { method: methodOf(c.req.method), route: routeOf(c), status: String(c.res.status) }
  const seconds = (performance.now() - begun_ms) / 1_000
  Effect.runSync(Metric.update(Metric.withAttributes(metrics.http_seconds, labels), seconds))
}

/** The route without the name of a tenant, which is not for everybody. */
export const routeOf = (c: ApiContext): string => routePath(c, -1).replace(/^\/tenants\/[^/]+/, "/tenants/:tenant")

/** Methods that routes have; a method that a caller has made up is no label. */
const known: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

export const methodOf = (method: string): string => (known.includes(method) ? method : "other")
