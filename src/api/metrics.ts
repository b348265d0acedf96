/** `GET /metrics`: Prometheus text. */
import { PrometheusMetrics } from "effect/observability"
import { Hono } from "hono"
import { type Caller, maySee } from "../core/http/server/bearer.ts"
import { type Api, type ApiEnv, needs } from "./api.ts"

export const metricsRoutes = (api: Api): Hono<ApiEnv> =>
  new Hono<ApiEnv>().get("/metrics", needs("reader"), async (c) =>
    c.text(seenBy(c.get("caller"), await api.run(PrometheusMetrics.format())), 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    }),
  )

/** The lines that a token bound to tenants may read: theirs, and those that are about no tenant. */
const seenBy = (caller: Caller, text: string): string => {
  if (caller.tenants === undefined) return text
  return text
    .split("\n")
    .filter((line) => {
      const id = line.startsWith("#") ? undefined : /[{,]tenant="([^"]*)"/.exec(line)?.[1]
      return id === undefined || maySee(caller, id)
    })
    .join("\n")
}
