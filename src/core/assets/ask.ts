/** Asking Falcon for lists that must be whole. */
import { Effect } from "effect"
import { type Envelope, Falcon, failWhenEmpty, type Operation } from "../falcon/client.ts"
import type { FalconError } from "../falcon/errors.ts"

export type Ask = (operation: Operation) => Effect.Effect<Envelope, FalconError>

/**
 * Falcon's request, stricter: a 200 that holds errors and no resources is a failure, not the end of a list. Errors beside
 * resources are told of.
 */
export const makeAsk = Effect.map(
  Falcon,
  (falcon): Ask =>
    Effect.fnUntraced(function* (operation) {
      const envelope = yield* failWhenEmpty(operation, yield* falcon.request(operation))
      const said = envelope.errors.map(({ code, message }) => `${code} ${message}`).join("; ")
      if (said !== "") yield* Effect.logWarning(`${operation.name}: something may be missing from the answer: ${said}`)
      return envelope
    }),
)
