/** Answers that have to be a list: absence is not "none", so one without a list is not taken for an empty list. */
import { Effect } from "effect"
import type { Envelope } from "./envelope.ts"
import type { FalconError } from "./errors.ts"
import { failure } from "./failure.ts"
import type { Operation } from "./operation.ts"
import type { Pages, PagesEnd } from "./paginate.ts"

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

/**
 * The pages of a list that is acted on as a whole: fails when Falcon counts more than it gave, leaves open whether there are more, or gives errors beside it. Half of a
 * list would be mistaken for all of it: of two hosts of one name for the only one, of an indicator that is there for none.
 */
export const failUnlessWhole = (
  operation: Operation,
  pages: Pick<Pages, "errors" | "is_open" | "missing" | "resources" | "trace_ids">,
): Effect.Effect<void, FalconError> => {
  const { missing, is_open, resources, trace_ids } = pages
  const [error] = pages.errors
  if (error === undefined && missing === undefined && is_open === undefined) return Effect.void
  const short = missing === undefined ? openEnd(resources.length) : shortEnd(missing, resources.length)
  const why = error === undefined ? short : `a part of the list is missing: ${error.code} ${error.message}`
  const is_forbidden = error?.code === 403
  return Effect.fail(
    failure(operation, is_forbidden ? "forbidden" : "malformed", why, {
      ...(error !== undefined && { status: error.code }),
      errors: pages.errors,
      trace_id: trace_ids.at(-1),
      scopes: is_forbidden ? operation.scopes : [],
    }),
  )
}

/** Says of a list that it ended before all that Falcon counts had come. */
export const shortEnd = (missing: number, listed: number): string =>
  `Falcon counts ${missing} more than it listed, which are ${listed}`

/** Says of a list that its last page is full and that nothing tells that it is the last. */
export const openEnd = (listed: number): string =>
  `Falcon does not say how many there are, nor whether the list goes on after ${listed}`

/** Fails with `malformed` where the end of a walk is open: then the list says nothing of what is not in it. */
export const failOpenEnd = (
  operation: Operation,
  { is_open }: PagesEnd,
  listed: number,
): Effect.Effect<void, FalconError> =>
  is_open ? Effect.fail(failure(operation, "malformed", openEnd(listed))) : Effect.void

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
