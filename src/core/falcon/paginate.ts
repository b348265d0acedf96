/** Walks through a list that comes in pages. */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import { type Cursor, guessedCursor, isOpen, nextCursor, startOf, type Walked } from "./cursor.ts"
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
  /** The list takes any number as `offset`, so that a full page with which Falcon tells no end can be followed by another. */
  readonly is_numbered?: boolean
}

/** How a walk over pages ended. */
export interface PagesEnd {
  /** Where the list goes on; `undefined` at its end. */
  readonly next: Cursor | undefined
  /** The last page is a full one, and nothing tells that it is the last: what is not in the list may be there all the same. */
  readonly is_open: boolean
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
  /**
   * How many entries more than came back the last page counts, where no cap ended the walk: the list is not whole. An entry that came twice
   * came in place of another one.
   */
  readonly missing?: number
  /** The last page is a full one and nothing tells that it is the last, or it went beyond the cap and nothing leads to the rest: the list may not be whole. */
  readonly is_open?: true
  /** Where the list goes on after the last resource here; absent at its end, or when a page went beyond the cap. */
  readonly next?: string
}

/**
 * Calls `request` page after page and hands each on before the next is asked for, so that no more than one is in memory.
 * Ends at an empty page, at the list's end as `nextCursor` sees it, or at the cap. Fails as `malformed` when the walk goes in
 * circles: the same page twice, or a cursor that must be new but is not. Where a page is full and Falcon says neither that it is the last nor
 * where the list goes on, a list that is numbered is asked for more; what Falcon then refuses, or repeats, leaves its end open.
 */
export const eachPage = Effect.fnUntraced(function* <E, R>(
  request: (operation: Operation) => Effect.Effect<Envelope, FalconError>,
  operation: Operation,
  options: PagesOptions,
  onPage: (page: Envelope) => Effect.Effect<void, E, R>,
): Effect.fn.Return<PagesEnd, FalconError | E, R> {
  const cap = options.limit ?? Number.POSITIVE_INFINITY
  const seen = new Set<string>()
  let cursor: Cursor | undefined
  let is_guessed = false
  let collected = 0

  for (let calls = 1; calls <= falcon.pages_max; calls++) {
    // The last page ends where the cap does, so that Falcon tells how to go on from there. A scroll keeps its page size.
    const left = cursor?.kind === "token" ? cap : cap - collected
    const size = options.page_size === undefined ? {} : { limit: Math.min(options.page_size, left) }
    const asked = withParameters(operation, { ...size, ...cursor?.parameters })
    const page: Envelope | undefined = yield* is_guessed ? unlessRejected(request(asked)) : request(asked)
    if (page === undefined || (is_guessed && seen.has(markOf(page)))) return { next: undefined, is_open: true }
    collected += page.resources.length
    yield* onPage(page)
    const walked: Walked = { operation, previous: cursor, collected, is_full: isFull(page, asked) }
    cursor = nextCursor(page, walked)
    const is_open: boolean = cursor === undefined && isOpen(page, walked)
    is_guessed = is_open && options.is_numbered === true
    if (is_guessed) cursor = guessedCursor(walked)
    if (page.resources.length === 0 || cursor === undefined) return { next: undefined, is_open }
    if (collected >= cap) return { next: cursor, is_open: false }
    for (const mark of [markOf(page), ...(cursor.unique && !is_guessed ? [JSON.stringify(cursor.parameters)] : [])]) {
      if (seen.has(mark)) return yield* failure(operation, "malformed", "Falcon's pages go in circles")
      seen.add(mark)
    }
  }
  return yield* failure(operation, "malformed", `the list has more than ${falcon.pages_max} pages`)
})

/** A refusal of a page that Falcon did not lead to tells nothing of the pages before it. */
const unlessRejected = (page: Effect.Effect<Envelope, FalconError>): Effect.Effect<Envelope | undefined, FalconError> =>
  Effect.catchIf(
    page,
    ({ reason }) => reason === "rejected",
    () => Effect.succeed(undefined),
  )

/** Whether a page has as many resources as its request asked for; never where it named no number. */
const isFull = ({ resources }: Envelope, { query, body }: Operation): boolean => {
  const limit = query?.limit ?? (Object(body) as { readonly limit?: unknown }).limit
  return typeof limit === "number" && limit > 0 && resources.length >= limit
}

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
  const distinct = new Set<unknown>()
  const { next: cursor, is_open } = yield* eachPage(request, operation, options, (page) =>
    Effect.sync(() => {
      calls++
      const counted = page.pagination?.total
      if (typeof counted === "number") total ??= counted
      for (const resource of page.resources) {
        resources.push(resource)
        distinct.add(idIn(resource))
      }
      missing = typeof counted === "number" && !isResumed(operation) ? counted - startOf(operation) - distinct.size : 0
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
    ...(missing > 0 && resources.length < (options.limit ?? Number.POSITIVE_INFINITY) && { missing }),
    ...((is_open || (next === undefined && capped.length < resources.length)) && { is_open: true as const }),
    ...(next !== undefined && { next: String(next) }),
  }
})

/** What an entry of a list is known by; itself where it has no id. */
const idIn = (resource: unknown): unknown => {
  const { composite_id, device_id, id } = Object(resource) as Readonly<Record<string, unknown>>
  return [composite_id, device_id, id].find((one) => typeof one === "string") ?? resource
}

/** Whether a walk goes on where an earlier one stopped, by a text that does not say how far that was. */
const isResumed = ({ query, body }: Operation): boolean =>
  [query?.offset, query?.after, (Object(body) as { readonly after?: unknown }).after].some(
    (from) => typeof from === "string" && !/^\d+$/.test(from),
  )

/** The mark of a page. One that comes twice in a walk shows that the walk goes in circles. */
const markOf = ({ resources }: Envelope): string =>
  createHash("sha256")
    .update(JSON.stringify([resources.length, resources[0], resources.at(-1)]))
    .digest("base64")

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
