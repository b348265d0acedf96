/** Asking Falcon for lists that must be whole. */
import { Effect } from "effect"
import { type Envelope, Falcon, failWhenEmpty, type Operation } from "../falcon/client.ts"
import type { FalconError } from "../falcon/errors.ts"
import { failWithoutList } from "../falcon/whole-list.ts"

export type StrictRequest = (operation: Operation) => Effect.Effect<Envelope, FalconError>

/**
 * Falcon's request, stricter: a 200 that holds errors and no resources, or no list at all, is a failure, not the end of a list.
 * Errors beside resources are told of; see `doubtOf`. The `text` of the envelope is left out.
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

/** Errors of a 2xx that one line quotes. */
const quoted_max = 3

/** What may be missing from an answer, for people; `undefined` when it is whole. */
export const doubtOf = ({ name }: Operation, { errors }: Envelope): string | undefined => {
  if (errors.length === 0) return undefined
  const said = errors.slice(0, quoted_max).map(({ code, message }) => `${code} ${message}`)
  return `${name}: something may be missing from the answer: ${said.join("; ")}`
}
