import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { metrics } from "../core/telemetry/metrics.ts"
import { plugins } from "../plugins/index.ts"
import { python_metrics, pythonMetrics } from "./python-metrics.ts"

const page = `# HELP akonis_events_in_total Events
akonis_events_in_total{tenant="acme",partition="0"} 10
akonis_events_in_total{tenant="acme",partition="1"} 5
akonis_events_in_total{tenant="globex",partition="0"} 1
akonis_events_out_total{tenant="acme",partition="0"} 9
akonis_enrichment_vertices_total{tenant="acme"} 4
akonis_dead_letters_total{tenant="acme",partition="0",reason="event_too_long"} 2
akonis_dead_letters_total{tenant="acme",partition="0",reason="not_an_event"} 7
akonis_event_lag_seconds{tenant="acme",partition="0"} 0.5
akonis_event_lag_seconds{tenant="acme",partition="1"} 1.5
akonis_intake_request_seconds_bucket{tenant="acme",partition="0",le="0.1"} 3
akonis_intake_request_seconds_bucket{tenant="acme",partition="0",le="+Inf"} 4
akonis_intake_request_seconds_bucket{tenant="acme",partition="1",le="+Inf"} 1
akonis_intake_request_seconds_sum{tenant="acme",partition="0"} 0.4
akonis_intake_request_seconds_count{tenant="acme",partition="0"} 4`

describe("the metrics of the Python module", () => {
  test("are made of ours, summed up over partitions, with the tenant in place of the intake key", () => {
    const lines = pythonMetrics(page).split("\n")
    expect(lines.filter((line) => !line.startsWith("#"))).toEqual([
      'symphony_module_crowdstrike_collected_detections_total{intake_key="acme"} 15',
      'symphony_module_crowdstrike_collected_detections_total{intake_key="globex"} 1',
      'symphony_module_crowdstrike_collected_verticles_total{intake_key="acme"} 4',
      'symphony_module_common_forwarded_events_total{intake_key="acme"} 13',
      'symphony_module_common_discarded_events_total{intake_key="acme"} 2',
      'symphony_module_common_events_lags{intake_key="acme",stream="0"} 0.5',
      'symphony_module_common_events_lags{intake_key="acme",stream="1"} 1.5',
      'symphony_module_common_forward_events_duration_bucket{intake_key="acme",le="0.1"} 3',
      'symphony_module_common_forward_events_duration_bucket{intake_key="acme",le="+Inf"} 5',
      'symphony_module_common_forward_events_duration_sum{intake_key="acme"} 0.4',
      'symphony_module_common_forward_events_duration_count{intake_key="acme"} 4',
    ])
    expect(lines.filter((line) => line.startsWith("# TYPE"))).toHaveLength(Object.keys(python_metrics).length)
  })

  test("stand in the handbook with what they are made of", () => {
    const page = readFileSync("docs/operations.md", "utf8").split("\n")
    for (const [name, { from }] of Object.entries(python_metrics)) {
      const row = page.find((line) => line.startsWith(`| \`${name}\` |`)) ?? name
      expect(from.filter((one) => !row.includes(one))).toEqual([])
    }
  })

  test("ask only for metrics that there are", () => {
    const tables = [metrics, ...plugins.map((plugin) => plugin.metrics ?? {})]
    const declared = tables.flatMap((table) => Object.values(table).map(({ id }) => id))
    const asked = Object.values(python_metrics).flatMap(({ from }) => from)
    expect(asked.filter((name) => !declared.includes(name))).toEqual([])
  })
})
