/** Lookups whose answer has to be a list: an answer without one is not taken for an empty list. */
import { Effect } from "effect"
import type { Envelope } from "./envelope.ts"
import type { FalconError } from "./errors.ts"
import { failure } from "./failure.ts"
import type { Operation } from "./operation.ts"

type Request = (operation: Operation) => Effect.Effect<Envelope, FalconError>

/**
 * Asks for a list. A 2xx without one and without an error is asked again: a `null` that comes twice is an empty list (Go
 * writes one so), a body that is empty twice is no answer and fails as `malformed`. Only for calls that change nothing.
 */
export const askForList = Effect.fnUntraced(function* (
  request: Request,
  operation: Operation,
): Effect.fn.Return<Envelope, FalconError> {
  const first = yield* request(operation)
  if (!isSilent(first)) return first
  const second = yield* request(operation)
  if (!isSilent(second) || second.text.trim() !== "") return second
  const { status, trace_id } = second
  return yield* failure(operation, "malformed", `Falcon answered ${status} with nothing, twice`, { status, trace_id })
})

const isSilent = ({ has_resources, errors }: Envelope): boolean => !has_resources && errors.length === 0
