/** The outcome of a search that is a plain list in Falcon. */
import { Effect } from "effect"
import { Falcon, type Operation, type PagesOptions } from "../falcon/client.ts"
import { outcomeOfList } from "./action.ts"

/** Walks the pages of a list, until its end or `options.limit`, and gives what was found, with `total` and `next`. */
export const searchOutcome = Effect.fnUntraced(function* (operation: Operation, options?: PagesOptions) {
  const falcon = yield* Falcon
  const { resources, errors, trace_ids, calls: _, ...more } = yield* falcon.pages(operation, options)
  return outcomeOfList(resources, errors, trace_ids, more)
})
