/**
 * The two ports by which the runtime watches a connector (SDK, trigger.py): `/health` on one, which restarts the container when it
 * answers anything but 200, and Prometheus' text on the other.
 */
import { Clock, Effect } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { listen } from "../../core/http/server/listen.ts"
import { Health } from "../../core/telemetry/health.ts"
import type { RunningTenant } from "../../core/tenant/boot.ts"
import { ports } from "../limits.ts"
import type { Settings } from "./settings.ts"

/**
 * Serves both until the scope closes; gives the ports. `/health` is 200 for as long as the process turns: what fails at CrowdStrike or
 * Sekoia is told in its words and in the log, and a restart would mend none of it.
 */
export const serveMonitoring = Effect.fnUntraced(function* (settings: Settings, { plugins, services }: RunningTenant) {
  const clock = yield* Clock.Clock
  const run = Effect.runPromiseWith(services)
  const began_ms = clock.currentTimeMillisUnsafe()

  const health = async (): Promise<Response> => {
    const reports = await run(Health.use((all) => all.report))
    const now = new Date(clock.currentTimeMillisUnsafe()).toISOString()
    const failed = Object.values(reports.plugins).filter(({ status }) => status === "failed").length
    return Response.json({
      // The names of the SDK. Neither threshold is set: no silence of Falcon's is a fault of ours.
      last_heartbeat: now,
      last_heartbeat_threshold: 0,
      seconds_without_events_threshold: 0,
      error_count: failed,
      uptime_s: Math.floor((clock.currentTimeMillisUnsafe() - began_ms) / 1_000),
      plugins: Object.fromEntries(plugins.map(({ plugin }) => [plugin.id, reports.plugins[plugin.id]])),
    })
  }
  const metrics = async (): Promise<Response> =>
    new Response(await run(PrometheusMetrics.format()), {
      headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
    })

  return {
    liveness: yield* serve(settings, "liveness_port", ports.liveness, "/health", health),
    metrics: yield* serve(settings, "metrics_port", ports.metrics, "/metrics", metrics),
  }
})

const serve = Effect.fnUntraced(function* (
  settings: Settings,
  name: string,
  port_default: number,
  path: string,
  answer: () => Promise<Response>,
) {
  const port = Number((yield* settings.text(name)) ?? port_default)
  const fetch = (request: Request) =>
    new URL(request.url).pathname === path
      ? answer()
      : Response.json({ status_code: 404, reason: "Endpoint doesn't exist" }, { status: 404 })
  const listening = yield* listen({ hostname: "0.0.0.0", port, fetch })
  return listening.port
})
