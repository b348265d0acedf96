/** Tells in health, and counts, when requests of a tenant wait for a connection for too long. */
import { Clock, Effect, Layer, Metric } from "effect"
import { Http } from "../http/client/http.ts"
import { connections } from "../http/client/limits.ts"
import type { Purpose } from "../http/client/pool.ts"
import type { AnyPlugin, EnabledPlugin } from "../plugin.ts"
import { Health, type HealthCell } from "../telemetry/health.ts"
import { metrics } from "../telemetry/metrics.ts"

/** Watches for as long as its scope lives, for the plugins that are on then. Does nothing over a network without pools. */
export const layerPoolWatch = (plugins: () => readonly EnabledPlugin[]): Layer.Layer<never, never, Http | Health> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { pools } = yield* Http
      if (pools !== undefined) yield* Effect.forkScoped(watch(pools, plugins))
    }),
  )

const watch = Effect.fnUntraced(function* (
  pools: NonNullable<Http["Service"]["pools"]>,
  plugins: () => readonly EnabledPlugin[],
) {
  const health = yield* Health
  const clock = yield* Clock.Clock
  const cells = new Map<string, HealthCell>()
  const waiting = new Map<Purpose, number>()
  while (true) {
    yield* Effect.sleep(connections.look_ms)
    const looks = pools(clock)
    for (const { purpose, waiting: now } of looks) {
      if ((waiting.get(purpose) ?? 0) === now) continue
      waiting.set(purpose, now)
      yield* Metric.update(Metric.withAttributes(metrics.requests_waiting, { purpose }), now)
    }
    for (const { plugin } of plugins()) {
      const cell = cells.get(plugin.id) ?? (yield* health.cell(plugin.id, "connections"))
      cells.set(plugin.id, cell)
      const needs = needsOf(plugin)
      const why = looks.flatMap(({ purpose, crowded }) => (crowded !== undefined && needs(purpose) ? [crowded] : []))
      yield* cell.set(why.length === 0 ? "ok" : "degraded", why.join("; "))
    }
  }
}, Effect.scoped)

/** What a plugin needs connections for. Every one needs tokens. */
const needsOf = ({ destination, actions, enricher, inventory }: AnyPlugin) => {
  const needs: Readonly<Record<Purpose, boolean>> = {
    session: true,
    intake: destination !== undefined,
    action: actions.length > 0,
    lookup: enricher !== undefined || inventory !== undefined,
  }
  return (purpose: Purpose): boolean => needs[purpose]
}
