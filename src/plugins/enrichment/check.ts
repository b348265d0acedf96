/** What `akonis check` finds out about the enrichment: whether both APIs may be read. */
import { Effect } from "effect"
import { Falcon, failWhenEmpty } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import type { CheckRow } from "../../core/plugin.ts"
import type { EnrichmentConfig } from "./config.ts"
import { alertsOperation, nobodys_alert } from "./detections.ts"
import { edgeTypesOperation, narrowed } from "./edge-types.ts"

const row = (name: string, status: CheckRow["status"], detail: string): CheckRow => ({ name, status, detail })

export const check = Effect.fnUntraced(function* (config: EnrichmentConfig) {
  return [yield* checkEdgeTypes(config), yield* checkAlerts]
})

const checkEdgeTypes = Effect.fnUntraced(
  function* (config: EnrichmentConfig) {
    const falcon = yield* Falcon
    const envelope = yield* Effect.flatMap(falcon.request(edgeTypesOperation), (found) =>
      failWhenEmpty(edgeTypesOperation, found),
    )
    const followed = narrowed(
      config,
      envelope.resources.filter((name) => typeof name === "string"),
    )
    if (followed.length > 0) return row("threatgraph", "ok", `${followed.length} edge types are followed`)
    return row("threatgraph", "warning", "none of the edge types that Falcon offers is followed")
  },
  Effect.catchTag("FalconError", (error) => Effect.succeed(row("threatgraph", "failed", error.message))),
)

const checkAlerts = Effect.gen(function* () {
  const falcon = yield* Falcon
  // Any answer but a refusal of access will do.
  const operation = alertsOperation([nobodys_alert])
  yield* Effect.flatMap(falcon.request(operation), (found) => failWhenEmpty(operation, found))
  return row("alerts", "ok", "may be read")
}).pipe(
  Effect.catchTag("FalconError", (error: FalconError) =>
    Effect.succeed(
      error.reason === "rejected" ? row("alerts", "ok", "may be read") : row("alerts", "failed", error.message),
    ),
  ),
)
