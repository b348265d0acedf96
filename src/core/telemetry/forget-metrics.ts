/** Metrics of what is gone: a tenant that was removed, a plugin that was switched off. */
import { Effect, Metric } from "effect"

/** Takes the series with these labels out of what is measured. */
export const forgetMetrics = (labels: Readonly<Record<string, string>>): Effect.Effect<void> =>
  Effect.map(Metric.MetricRegistry, (registry) => {
    for (const [key, { attributes = {} }] of registry) {
      const is_theirs = Object.entries(labels).every(
        ([name, value]) => (attributes as Readonly<Record<string, string>>)[name] === value,
      )
      if (is_theirs) registry.delete(key)
    }
  })
