/** Which processes a detection points to: asked of the alerts API, and of the withdrawn detections API for old detections. */
import { Effect } from "effect"
import { NotEnriched } from "../../core/delivery/enricher.ts"
import type { Operation } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { type Api, askInParts, type Calls, isRejected, reads_alerts } from "./calls.ts"
import { makeCoalescingCache } from "./coalescing-cache.ts"
import { at, type DetectionRef } from "./detection-ref.ts"
import { askUntilTold } from "./doubt.ts"
import { processesOfAlert, processesOfDetection } from "./graph-ids.ts"
import { enrichment } from "./limits.ts"
import { makeBatched } from "./request-batching.ts"

interface Processes {
  readonly ids: readonly string[]
}

interface Detections {
  /** Graph ids of the processes, the detection's own first; none when it came from a scan of files. */
  readonly processes: (detection: DetectionRef) => Effect.Effect<readonly string[], FalconError | NotEnriched>
}

/** Nobody has them: asked for when only the answer's status matters. */
export const nobodys_alert = `${"0".repeat(32)}:ind:${"0".repeat(32)}:0-0-0`
export const nobodys_detection = `ldt:${"0".repeat(32)}:0`

/** `POST /alerts/entities/alerts/v2` (falconpy `PostEntitiesAlertsV2`). Repeating it is harmless. */
export const alertsOperation = (composite_ids: readonly string[]): Operation => ({
  name: "alerts.get",
  method: "POST",
  path: "/alerts/entities/alerts/v2",
  body: { composite_ids },
  idempotent: true,
  scopes: reads_alerts,
})

/** `POST /detects/entities/summaries/GET/v1` (falconpy `GetDetectSummaries`); withdrawn with the whole detections API. */
export const detectionsOperation = (ids: readonly string[]): Operation => ({
  name: "detections.get",
  method: "POST",
  path: "/detects/entities/summaries/GET/v1",
  body: { ids },
  idempotent: true,
  scopes: ["Detections: Read"],
  retired: { since: "2025-09-30", successor: "POST /alerts/entities/alerts/v2" },
})

export const makeDetections = Effect.fnUntraced(function* (calls: Calls) {
  const cache = yield* makeCoalescingCache<Processes, FalconError | NotEnriched>({
    kind: "detections",
    entries_max: enrichment.detections_cached_max,
    life_ms: enrichment.detection_life_ms,
  })

  /** Resources by id; whole calls that Falcon refuses are asked again in parts. */
  const batched = (api: Api, id_key: string, operation: (ids: readonly string[]) => Operation) => {
    const idOf = (resource: unknown) => at(resource, id_key)
    const ask = (ids: readonly string[]) =>
      Effect.map(calls.request(api, api, operation(ids)), ({ resources, errors }) => ({
        items: resources,
        unknown: errors.length,
      }))
    return makeBatched<unknown>(enrichment.alerts_per_call, (ids) =>
      Effect.map(
        askInParts(ids, 2 * ids.length, (part) => askUntilTold(part, idOf, ask)),
        (resources) => new Map(resources.map((resource) => [String(idOf(resource)), resource])),
      ),
    )
  }
  const alert = batched("alerts", "composite_id", alertsOperation)
  const detection = batched("detections", "detection_id", detectionsOperation)

  const nothing = (id: string) => new NotEnriched({ message: `Falcon knows no detection ${id}` })

  /** Grouped by type: an id of the old form could spoil a call for the others. */
  const fromAlert = Effect.fnUntraced(function* ({ id, event_type }: DetectionRef) {
    const found = yield* alert(id, event_type)
    return found === undefined ? yield* nothing(id) : { ids: processesOfAlert(found) }
  })

  const fromDetection = Effect.fnUntraced(function* ({ id }: DetectionRef) {
    const found = yield* detection(id, "")
    return found === undefined ? yield* nothing(id) : { ids: processesOfDetection(found) }
  })

  /** Alerts first. An old detection without one, or where we may not read alerts, is asked of its own API. */
  const lookUp = (ref: DetectionRef): Effect.Effect<Processes, FalconError | NotEnriched> =>
    ref.event_type === "EppDetectionSummaryEvent"
      ? fromAlert(ref)
      : Effect.catch(
          fromAlert(ref),
          (error): Effect.Effect<Processes, FalconError | NotEnriched> =>
            error._tag === "NotEnriched" || error.reason === "forbidden" || isRejected(error)
              ? Effect.mapError(fromDetection(ref), (second) => withFirst(error, second))
              : Effect.fail(error),
        )

  return {
    processes: (ref) => Effect.map(cache.get(`${ref.event_type} ${ref.id}`, lookUp(ref)), ({ ids }) => ids),
  } satisfies Detections
})

/** Both reasons: the operator can do something about the first, and nothing about a withdrawn API. */
const withFirst = (first: FalconError | NotEnriched, second: FalconError | NotEnriched): NotEnriched =>
  new NotEnriched({ message: `${first.message}; ${second.message}` })
