/** The Falcon client of one tenant as a layer. */
import { Effect, Layer } from "effect"
import type { Http } from "../http/client/http.ts"
import type { HealthCell } from "../telemetry/health.ts"
import { FalconAuth, makeFalconAuth } from "./auth.ts"
import { Falcon, makeFalcon } from "./client.ts"
import type { FalconCredentials } from "./credentials.ts"

/**
 * One tenant's client, with a token and a rate budget of its own. It counts with the metric attributes of where it is built, and
 * tells `health` while it has no token yet. Only `Http` is needed; nothing is sent before the first call.
 */
export const layerFalcon = (
  credentials: FalconCredentials,
  health: Pick<HealthCell, "set"> = silent,
): Layer.Layer<Falcon | FalconAuth, never, Http> =>
  Layer.effect(Falcon, makeFalcon).pipe(
    Layer.provideMerge(Layer.effect(FalconAuth, makeFalconAuth(credentials, health))),
  )

/** For whoever tells of a missing token by other means. */
export const silent: Pick<HealthCell, "set"> = { set: () => Effect.void }
