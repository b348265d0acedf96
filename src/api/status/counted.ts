/** What metrics say of plugins: their own counters, and those of the inventories. */
import type { Metric } from "effect"
import type { EnabledPlugin } from "../../core/plugin.ts"
import { metrics as names } from "../../core/telemetry/metrics.ts"
import type { TenantStatus } from "./schema.ts"

/** What is measured of one tenant. */
export type Measured = readonly Metric.Metric.Snapshot[]

/** The counters that plugins declare, by plugin, summed up over their labels. */
export const countersOf = (plugins: readonly EnabledPlugin[], all: Measured): TenantStatus["counters"] =>
  Object.fromEntries(
    plugins.flatMap(({ plugin }) => {
      const own = Object.values(plugin.metrics ?? {}).map(({ id }) => id)
      return own.length === 0 ? [] : [[plugin.id, Object.fromEntries(own.map((id) => [id, sum(all, id)]))] as const]
    }),
  )

/** The inventories that are on. */
export const assetsOf = (plugins: readonly EnabledPlugin[], all: Measured): TenantStatus["assets"] =>
  plugins
    .filter(({ plugin }) => plugin.inventory !== undefined)
    .map(({ plugin: { id } }) => {
      const own = all.filter(({ attributes }) => attributes?.plugin === id)
      const done = own.filter(({ attributes }) => attributes?.outcome === "done")
      return {
        plugin: id,
        known: gauge(own, names.assets_known.id),
        sent: sum(own, names.assets_sent.id),
        unchanged: sum(own, names.assets_unchanged.id),
        skipped: sum(own, names.assets_skipped.id),
        removed: sum(own, names.assets_removed.id),
        cycles_done: sum(done, names.asset_cycles.id),
        cycles_failed: sum(own, names.asset_cycles.id) - sum(done, names.asset_cycles.id),
        cycle_s: gauge(own, names.asset_cycle_seconds.id),
      }
    })

/** What Falcon said last about the tenant's requests of the minute. */
export const budgetOf = (all: Measured): TenantStatus["budget"] => {
  const remaining = gauge(all, names.falcon_budget_remaining.id)
  const limit = gauge(all, names.falcon_budget_limit.id)
  return remaining === null || limit === null ? null : { remaining, limit }
}

const sum = (all: Measured, id: string): number =>
  all.reduce((total, one) => total + (one.id === id && one.type === "Counter" ? Number(one.state.count) : 0), 0)

const gauge = (all: Measured, id: string): number | null => {
  const found = all.find((one) => one.id === id && one.type === "Gauge")
  return found?.type === "Gauge" ? Number(found.state.value) : null
}
