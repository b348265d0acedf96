/** Who is told of a try that failed while the next one is still to come. */
import { Context, Effect } from "effect"

/**
 * Is told of each failed try of a call to Falcon or of a post to Sekoia's asset API that is repeated: for whoever says in health why an
 * answer does not come, and cannot wait for the last try. Not of a 429: that asks for patience, and tells nothing of what is broken.
 */
export const FailedTry = Context.Reference<(error: { readonly message: string }) => Effect.Effect<void>>(
  "akonis/core/FailedTry",
  { defaultValue: () => () => Effect.void },
)
