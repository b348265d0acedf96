/** What `akonis check` asks about the enrichment: whether both APIs may be read. */
import { Effect } from "effect"
import { type Check, ok, warning } from "../../core/check/check.ts"
import { falconFinding } from "../../core/check/falcon-finding.ts"
import { askStrictly } from "../../core/falcon/client.ts"
import { reads_alerts, reads_graph } from "./calls.ts"
import type { EnrichmentConfig } from "./config.ts"
import { alertsOperation, nobodys_alert } from "./detections.ts"
import { edgeTypesOperation, narrowed } from "./edge-types.ts"

export const checks = (config: EnrichmentConfig): readonly Check[] => [
  {
    name: "threatgraph",
    tried: "the list of edge types",
    asks: "falcon",
    scopes: reads_graph,
    find: Effect.catchTag(findEdgeTypes(config), "FalconError", (error) => Effect.succeed(falconFinding(error))),
  },
  { name: "alerts", tried: "an alert that nobody has", asks: "falcon", scopes: reads_alerts, find: findAlerts },
]

const findEdgeTypes = Effect.fnUntraced(function* (config: EnrichmentConfig) {
  const envelope = yield* askStrictly(edgeTypesOperation)
  const followed = narrowed(
    config,
    envelope.resources.filter((name) => typeof name === "string"),
  )
  if (followed.length > 0) return ok(`${followed.length} edge types are followed`)
  return warning("none of the edge types that Falcon offers is followed", "correct plugins.enrichment.edge_types")
})

/** Any answer about the alert but a refusal of access will do. */
const findAlerts = askStrictly(alertsOperation([nobodys_alert])).pipe(
  Effect.as(ok("may be read")),
  Effect.catchTag("FalconError", (error) =>
    Effect.succeed(
      error.reason === "rejected" && (error.status ?? 0) >= 400 ? ok("may be read") : falconFinding(error),
    ),
  ),
)
