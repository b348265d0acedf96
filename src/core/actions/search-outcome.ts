/** The outcome of a search that is a plain list in Falcon. */
import { Effect } from "effect"
import { Falcon, type Operation, type PagesOptions } from "../falcon/client.ts"
import { openEnd, shortEnd } from "../falcon/list-answer.ts"
import { outcomeOfList } from "./action.ts"

/**
 * Walks the pages of a list, until its end or `options.limit`, and gives what was found, with `total` and `next`. Where Falcon does not tell
 * whether there is more, or counts more than it gave, an error with code 206 says so.
 */
export const searchOutcome = Effect.fnUntraced(function* (operation: Operation, options?: PagesOptions) {
  const falcon = yield* Falcon
  const { resources, errors, trace_ids, calls: _, is_open, missing, ...more } = yield* falcon.pages(operation, options)
  const open = is_open === undefined ? [] : [openEnd(resources.length)]
  const short = missing === undefined ? [] : [shortEnd(missing, resources.length)]
  const cut = [...open, ...short].map((message) => ({ code: 206, message }))
  return outcomeOfList(resources, [...errors, ...cut], trace_ids, more)
})
