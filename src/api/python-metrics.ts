/**
 * The metrics of the Python module of Sekoia's library, made of ours, for dashboards and alerts that ask for its names. Its label
 * `intake_key` held the intake key, which is a secret: here it holds the tenant's id. `stream` held a URL; here it is the partition.
 */
import { metrics } from "../core/telemetry/metrics.ts"

interface PythonMetric {
  readonly type: "counter" | "gauge" | "histogram"
  readonly help: string
  /** Names of ours, summed up over everything that the labels of the other one do not tell apart. */
  readonly from: readonly string[]
  /** Only series with this label. */
  readonly only?: readonly [string, string]
  /** Which label of ours becomes `stream`. */
  readonly stream?: string
}

/** Counted by the plugin that adds vertices to events. */
const vertices = "akonis_enrichment_vertices_total"

/** Every name, and what it is made of. */
export const python_metrics: Readonly<Record<string, PythonMetric>> = {
  symphony_module_crowdstrike_collected_detections_total: {
    type: "counter",
    help: "Events read from Falcon, of any type.",
    from: [metrics.events_in.id],
  },
  symphony_module_crowdstrike_collected_verticles_total: {
    type: "counter",
    help: "Vertices found around detections.",
    from: [vertices],
  },
  symphony_module_common_forwarded_events_total: {
    type: "counter",
    help: "Events and vertices that the intake has taken; the Python module counted them before it knew.",
    from: [metrics.events_out.id, vertices],
  },
  symphony_module_common_discarded_events_total: {
    type: "counter",
    help: "Events that are too long for the intake; here they are dead letters.",
    from: [metrics.dead_letters.id],
    only: ["reason", "event_too_long"],
  },
  symphony_module_common_events_lags: {
    type: "gauge",
    help: "Age of the newest event of the last batch, in seconds.",
    from: [metrics.lag.id],
    stream: "partition",
  },
  symphony_module_common_forward_events_duration: {
    type: "histogram",
    help: "Time of a request that the intake accepted, in seconds.",
    from: [metrics.intake_seconds.id],
  },
}

/** One series of a page: `name{labels} value`. */
const series = /^([a-zA-Z_:][\w:]*)\{(.*)\} (\S+)$/
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g
const suffixes = ["", "_bucket", "_sum", "_count"]

/** The metrics of the Python module, of a page of ours in Prometheus' text format. */
export const pythonMetrics = (page: string): string => {
  const lines = page.split("\n").flatMap((line) => {
    const [, name, labels, value] = series.exec(line) ?? []
    if (name === undefined || labels === undefined) return []
    const of = Object.fromEntries([...labels.matchAll(label)].map(([, key, text]) => [key!, text!]))
    return [{ name, of, value: Number(value) }]
  })
  return Object.entries(python_metrics)
    .map(([name, { type, help, from, only, stream }]) => {
      const sums = new Map<string, number>()
      for (const line of lines) {
        const suffix = suffixes.find((end) => from.some((one) => one + end === line.name))
        if (suffix === undefined || (only !== undefined && line.of[only[0]] !== only[1])) continue
        const { tenant = "", le } = line.of
        const labels = { intake_key: tenant, ...(stream && { stream: line.of[stream] }), ...(le && { le }) }
        const text = Object.entries(labels).map(([key, text]) => `${key}="${text}"`)
        const key = `${name}${suffix}{${text.join(",")}}`
        sums.set(key, (sums.get(key) ?? 0) + line.value)
      }
      const values = [...sums].map(([key, value]) => `${key} ${value}`)
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...values].join("\n")
    })
    .join("\n")
}
