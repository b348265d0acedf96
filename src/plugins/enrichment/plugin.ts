/** Sends the ThreatGraph vertices around each endpoint detection after it. */
import { definePlugin } from "../../core/plugin.ts"
import { plugin_id, reads_alerts, reads_graph } from "./calls.ts"
import { checks } from "./check.ts"
import { config } from "./config.ts"
import { makeEnricher } from "./enricher.ts"
import { metrics } from "./metrics.ts"

export const enrichment = definePlugin({
  id: plugin_id,
  title: "Sends the ThreatGraph vertices around each endpoint detection to the Sekoia intake.",
  enabled_by_default: false,
  enabled_by_env: "ACTIVATE_VERTICLES_COLLECTION",
  config,
  metrics,
  call_scopes: [...reads_alerts, ...reads_graph],
  enricher: makeEnricher,
  checks,
})
