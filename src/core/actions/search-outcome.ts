/** The outcome of a search that is a plain list in Falcon. */
import { Effect } from "effect"
import { Falcon, type Operation, type PagesOptions } from "../falcon/client.ts"
import { openEnd } from "../falcon/list-answer.ts"
import { outcomeOfList } from "./action.ts"

/**
 * Walks the pages of a list, until its end or `options.limit`, and gives what was found, with `total` and `next`. Where Falcon does not tell
 * whether there is more, an error with code 206 says so.
 */
export const searchOutcome = Effect.fnUntraced(function* (operation: Operation, options?: PagesOptions) {
  const falcon = yield* Falcon
  const { resources, errors, trace_ids, calls: _, is_open, ...more } = yield* falcon.pages(operation, options)
  const open = is_open === undefined ? [] : [{ code: 206, message: openEnd(resources.length) }]
  return outcomeOfList(resources, [...errors, ...open], trace_ids, more)
})
