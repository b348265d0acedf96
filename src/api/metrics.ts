/** `GET /metrics`: Prometheus text. */
import { PrometheusMetrics } from "effect/observability"
import { Hono } from "hono"
import { type Api, type ApiEnv, needs } from "./api.ts"

export const metricsRoutes = (api: Api): Hono<ApiEnv> =>
  new Hono<ApiEnv>().get("/metrics", needs("reader"), async (c) =>
    c.text(await api.run(PrometheusMetrics.format()), 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    }),
  )
