/** Requests to Falcon for lists that must be whole. */
import { Effect } from "effect"
import { type Envelope, Falcon, failWhenEmpty, type Operation } from "../falcon/client.ts"
import type { FalconError } from "../falcon/errors.ts"
import { failWithoutList } from "../falcon/list-answer.ts"

export type StrictRequest = (operation: Operation) => Effect.Effect<Envelope, FalconError>

/**
 * Makes a request function that fails on a 200 with errors and no resources, or without any list, where Falcon's own takes it
 * for the end of a list. Errors beside resources are logged; see `doubtOf`. The envelope's `text` is empty.
 */
export const makeStrictRequest = Effect.map(
  Falcon,
  (falcon): StrictRequest =>
    Effect.fnUntraced(function* (operation) {
      const envelope = yield* failWhenEmpty(operation, yield* falcon.request(operation))
      const doubt = doubtOf(operation, envelope)
      if (doubt !== undefined) yield* Effect.logWarning(doubt)
      // Megabytes that nobody reads any more would stay in memory until the page is sent.
      return { ...(yield* failWithoutList(operation, envelope)), text: "" }
    }),
)

/** How many errors of one answer a log line quotes. */
const quoted_max = 3

/** A sentence for people about what may be missing from an answer; `undefined` when it is whole. */
export const doubtOf = ({ name }: Operation, { errors }: Envelope): string | undefined => {
  if (errors.length === 0) return undefined
  const said = errors.slice(0, quoted_max).map(({ code, message }) => `${code} ${message}`)
  return `${name}: something may be missing from the answer: ${said.join("; ")}`
}
