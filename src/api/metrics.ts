/** `GET /metrics`: Prometheus text. */
import { Effect, Metric } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { Hono } from "hono"
import { type Caller, maySee } from "../core/http/server/bearer.ts"
import { type Status, statuses } from "../core/telemetry/health.ts"
import { metrics } from "../core/telemetry/metrics.ts"
import { type Api, type ApiEnv, needs } from "./api.ts"
import { processMetrics } from "./process-metrics.ts"
import { pythonMetrics } from "./python-metrics.ts"
import type { Gauges } from "./status/look.ts"
import type { SharedLook } from "./status/shared-look.ts"

interface MetricsOptions {
  /** When the process began, ms since the epoch. */
  readonly started_ms: number
  /** Whether the metrics that the Python module had are added, under its names. */
  readonly python: boolean
}

export const metricsRoutes = (api: Api, look: SharedLook, { started_ms, python }: MetricsOptions): Hono<ApiEnv> =>
  new Hono<ApiEnv>().get("/metrics", needs("reader"), async (c) => {
    const gauges = await look.gauges()
    const text = await api.run(Effect.andThen(updateGauges(gauges), PrometheusMetrics.format()))
    const seen = seenBy(c.get("caller"), text).trimEnd()
    const ours = python ? `${seen}\n${pythonMetrics(seen)}` : seen
    return c.text(`${ours}\n${await api.run(processMetrics(started_ms))}`, 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    })
  })

/** Sets the gauges that are read when somebody asks, and not counted as things happen. */
const updateGauges = ({ tenants, shared }: Gauges) =>
  Effect.gen(function* () {
    for (const { id, plugins, pending } of tenants) {
      // What cannot be read is not nothing: the series stays as it is, or away.
      if (pending !== undefined)
        yield* Metric.update(Metric.withAttributes(metrics.dead_letters_pending, { tenant: id }), pending)
      for (const plugin of plugins) yield* updateStatus({ tenant: id, plugin: plugin.id }, plugin.status)
    }
    for (const { id, status } of shared) yield* ofNoTenant(updateStatus({ plugin: id }, status))
  })

/** Without the label of the tenant whose services happen to carry the request. */
const ofNoTenant = Effect.provideService(Metric.CurrentMetricAttributes, {})

const updateStatus = (of: { readonly tenant?: string; readonly plugin: string }, now: Status) =>
  Effect.forEach(
    statuses,
    (status) => Metric.update(Metric.withAttributes(metrics.plugin_status, { ...of, status }), +(now === status)),
    { discard: true },
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
