/** Whether an answer is the list that was asked for: absence is not "none". */
import { Effect } from "effect"
import type { Envelope } from "./envelope.ts"
import type { FalconError } from "./errors.ts"
import { failure } from "./failure.ts"
import type { Operation } from "./operation.ts"

/** Falcon sent a list, or said in so many words that it has no entry. Not `null`, and no empty body. */
export const isList = ({ has_resources, pagination }: Envelope): boolean => has_resources || pagination?.total === 0

/** The envelope as it is; fails with `malformed` when it holds no list, since that says nothing about what there is. */
export const failWithoutList = (operation: Operation, envelope: Envelope): Effect.Effect<Envelope, FalconError> => {
  if (isList(envelope)) return Effect.succeed(envelope)
  const { status, trace_id } = envelope
  return Effect.fail(
    failure(operation, "malformed", `Falcon answered ${status} without a list; it is asked again`, {
      status,
      trace_id,
    }),
  )
}

/** Fails with `malformed` when a page is empty although the list goes on: `read` entries came before its end. */
export const failEmptyPage = (operation: Operation, page: Envelope, read: number): Effect.Effect<void, FalconError> => {
  const total = page.pagination?.total
  if (page.resources.length > 0 || typeof total !== "number" || total <= read) return Effect.void
  return Effect.fail(failure(operation, "malformed", `Falcon sent an empty page after ${read} of ${total} entries`))
}
