/** Walking through a list that comes in pages. */
import { Effect } from "effect"
import { falcon } from "../limits.ts"
import { type Cursor, nextCursor } from "./cursor.ts"
import type { Envelope } from "./envelope.ts"
import type { ApiError, FalconError } from "./errors.ts"
import { failure } from "./failure.ts"
import type { Operation } from "./operation.ts"

export interface PagesOptions {
  /** Cap on the resources that come back; all of them when not given. */
  readonly limit?: number
  /** Sent as the API's `limit`. */
  readonly page_size?: number
}

/** Everything that a walk over pages found. */
export interface Pages {
  readonly resources: readonly unknown[]
  readonly errors: readonly ApiError[]
  /** Of every page, for CrowdStrike's support. */
  readonly trace_ids: readonly string[]
  /** Requests that it took, retries not counted. */
  readonly calls: number
}

/**
 * Calls `request` page after page. Ends at an empty page, at the list's end as `nextCursor` sees it, or at the cap. Fails as
 * `malformed` when the walk goes in circles: the same page twice, or a cursor that must be new but is not.
 */
export const walkPages = Effect.fnUntraced(function* (
  request: (operation: Operation) => Effect.Effect<Envelope, FalconError>,
  operation: Operation,
  options: PagesOptions = {},
): Effect.fn.Return<Pages, FalconError> {
  const cap = options.limit ?? Number.POSITIVE_INFINITY
  const size = options.page_size === undefined ? {} : { limit: Math.min(options.page_size, cap) }
  const resources: unknown[] = []
  const errors: ApiError[] = []
  const trace_ids: string[] = []
  const seen = new Set<string>()
  let cursor: Cursor | undefined

  for (let calls = 1; calls <= falcon.pages_max; calls++) {
    const page = yield* request(withParameters(operation, { ...size, ...cursor?.parameters }))
    for (const resource of page.resources) resources.push(resource)
    errors.push(...page.errors)
    if (page.trace_id !== undefined) trace_ids.push(page.trace_id)
    cursor = nextCursor(page, { operation, previous: cursor, collected: resources.length })
    const ended = page.resources.length === 0 || resources.length >= cap || cursor === undefined
    if (ended) return { resources: resources.slice(0, cap), errors, trace_ids, calls }
    for (const mark of marks(page, cursor)) {
      if (seen.has(mark)) return yield* failure(operation, "malformed", "Falcon's pages go in circles")
      seen.add(mark)
    }
  }
  return yield* failure(operation, "malformed", `the list has more than ${falcon.pages_max} pages`)
})

/** What must not come twice in one walk. */
function marks(page: Envelope, cursor: Cursor | undefined): readonly string[] {
  const ends = [page.resources.length, page.resources[0], page.resources.at(-1)]
  return [`page ${JSON.stringify(ends)}`, ...(cursor?.unique === true ? [JSON.stringify(cursor.parameters)] : [])]
}

/** Into the body where the API reads its parameters from there (`POST /alerts/combined/alerts/v1`), else into the query. */
function withParameters(operation: Operation, parameters: Readonly<Record<string, string | number>>): Operation {
  if (operation.method !== "GET" && typeof operation.body === "object" && operation.body !== null) {
    return { ...operation, body: { ...operation.body, ...parameters } }
  }
  return { ...operation, query: { ...operation.query, ...parameters } }
}
