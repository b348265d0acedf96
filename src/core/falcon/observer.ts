/** Events of the Falcon client, for metrics and health. */
import { Context, Effect } from "effect"
import type { FalconReason } from "./errors.ts"

export interface FalconEvents {
  /** A try of `operation` failed and will be repeated. */
  readonly onRetry: (operation: string, reason: FalconReason) => Effect.Effect<void>
  /** Falcon answered 429; all calls of the tenant wait for `wait_ms`. */
  readonly onRateLimited: (operation: string, wait_ms: number) => Effect.Effect<void>
  readonly onTokenRenewed: Effect.Effect<void>
  /** There is no token yet, for this reason; it is tried again until `onTokenRenewed`. */
  readonly onTokenMissing: (why: string) => Effect.Effect<void>
}

/** Read once, when the layer is built. Does nothing by default. */
export const FalconObserver = Context.Reference<FalconEvents>("akonis/core/FalconObserver", {
  defaultValue: () => ({
    onRetry: () => Effect.void,
    onRateLimited: () => Effect.void,
    onTokenRenewed: Effect.void,
    onTokenMissing: () => Effect.void,
  }),
})
