/** The Falcon client of one tenant as a layer. */
import { Layer } from "effect"
import type { Http } from "../http/client/http.ts"
import { FalconAuth, makeFalconAuth } from "./auth.ts"
import { Falcon, makeFalcon } from "./client.ts"
import type { FalconCredentials } from "./credentials.ts"

/**
 * One tenant's client, with a token and a rate budget of its own. Takes `FalconObserver` from where it is built. Only
 * `Http` is needed; nothing is sent before the first call.
 */
export const layerFalcon = (credentials: FalconCredentials): Layer.Layer<Falcon | FalconAuth, never, Http> =>
  Layer.effect(Falcon, makeFalcon).pipe(Layer.provideMerge(Layer.effect(FalconAuth, makeFalconAuth(credentials))))
