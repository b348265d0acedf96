/** How long what was read may go on being delivered after a stream was told to stop. */
import { Context, Effect } from "effect"
import { server } from "../http/server/limits.ts"

/** `over` completes when a drain that begins with it has to end. A process that is to end has little time; one that goes on has more. */
export const DrainLimit = Context.Reference<{ readonly over: Effect.Effect<void> }>("akonis/core/DrainLimit", {
  defaultValue: () => ({ over: Effect.sleep(server.drain_ms_max) }),
})
