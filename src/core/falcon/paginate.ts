/** Walks through a list that comes in pages. */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import { type Cursor, nextCursor, startOf } from "./cursor.ts"
import type { Envelope } from "./envelope.ts"
import type { ApiError, FalconError } from "./errors.ts"
import { failure } from "./failure.ts"
import { falcon } from "./limits.ts"
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
  /** Of the whole list, as the first page that says it counts. */
  readonly total?: number
  /** How many entries more than came back the last page counts, where no cap ended the walk: the list is not whole. */
  readonly missing?: number
  /** Where the list goes on after the last resource here; absent at its end, or when a page went beyond the cap. */
  readonly next?: string
}

/**
 * Calls `request` page after page and hands each on before the next is asked for, so that no more than one is in memory.
 * Ends at an empty page, at the list's end as `nextCursor` sees it, or at the cap. Fails as `malformed` when the walk goes in
 * circles: the same page twice, or a cursor that must be new but is not. Gives where the list goes on.
 */
export const eachPage = Effect.fnUntraced(function* <E, R>(
  request: (operation: Operation) => Effect.Effect<Envelope, FalconError>,
  operation: Operation,
  options: PagesOptions,
  onPage: (page: Envelope) => Effect.Effect<void, E, R>,
): Effect.fn.Return<Cursor | undefined, FalconError | E, R> {
  const cap = options.limit ?? Number.POSITIVE_INFINITY
  const seen = new Set<string>()
  let cursor: Cursor | undefined
  let collected = 0

  for (let calls = 1; calls <= falcon.pages_max; calls++) {
    // The last page ends where the cap does, so that Falcon tells how to go on from there. A scroll keeps its page size.
    const left = cursor?.kind === "token" ? cap : cap - collected
    const size = options.page_size === undefined ? {} : { limit: Math.min(options.page_size, left) }
    const page = yield* request(withParameters(operation, { ...size, ...cursor?.parameters }))
    collected += page.resources.length
    yield* onPage(page)
    cursor = nextCursor(page, { operation, previous: cursor, collected })
    if (page.resources.length === 0 || cursor === undefined) return undefined
    if (collected >= cap) return cursor
    for (const mark of marks(page, cursor)) {
      if (seen.has(mark)) return yield* failure(operation, "malformed", "Falcon's pages go in circles")
      seen.add(mark)
    }
  }
  return yield* failure(operation, "malformed", `the list has more than ${falcon.pages_max} pages`)
})

/** Collects the pages of a walk. */
export const walkPages = Effect.fnUntraced(function* (
  request: (operation: Operation) => Effect.Effect<Envelope, FalconError>,
  operation: Operation,
  options: PagesOptions = {},
): Effect.fn.Return<Pages, FalconError> {
  const resources: unknown[] = []
  const errors: ApiError[] = []
  const trace_ids: string[] = []
  let calls = 0
  let total: number | undefined
  let missing = 0
  const cursor = yield* eachPage(request, operation, options, (page) =>
    Effect.sync(() => {
      calls++
      const counted = page.pagination?.total
      if (typeof counted === "number") total ??= counted
      for (const resource of page.resources) resources.push(resource)
      missing = typeof counted === "number" ? counted - startOf(operation) - resources.length : 0
      errors.push(...page.errors)
      if (page.trace_id !== undefined) trace_ids.push(page.trace_id)
    }),
  )
  const capped = resources.slice(0, options.limit ?? resources.length)
  const [next] = capped.length < resources.length ? [] : Object.values(cursor?.parameters ?? {})
  return {
    resources: capped,
    errors,
    trace_ids,
    calls,
    ...(total !== undefined && { total }),
    ...(options.limit === undefined && missing > 0 && { missing }),
    ...(next !== undefined && { next: String(next) }),
  }
})

/** Marks of a page and its cursor. A mark that comes twice in one walk shows that the walk goes in circles. */
const marks = (page: Envelope, cursor: Cursor | undefined): readonly string[] => {
  const ends = [page.resources.length, page.resources[0], page.resources.at(-1)]
  const page_mark = createHash("sha256").update(JSON.stringify(ends)).digest("base64")
  return [page_mark, ...(cursor?.unique === true ? [JSON.stringify(cursor.parameters)] : [])]
}

/** Adds parameters: into the body where the API reads its parameters from there (`POST /alerts/combined/alerts/v1`), else into the query. */
export const withParameters = (
  operation: Operation,
  parameters: Readonly<Record<string, string | number>>,
): Operation => {
  if (operation.method !== "GET" && typeof operation.body === "object" && operation.body !== null) {
    return { ...operation, body: { ...operation.body, ...parameters } }
  }
  return { ...operation, query: { ...operation.query, ...parameters } }
}
