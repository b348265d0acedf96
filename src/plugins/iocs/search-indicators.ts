import { Effect } from "effect"
import { z } from "zod"
import { defineAction, type Outcome, outcomeOfList, type RowError } from "../../core/actions/action.ts"
import { fqlFilter, limitArgument, offsetArgument } from "../../core/actions/shared-arguments.ts"
import { Falcon, failWhenEmpty } from "../../core/falcon/client.ts"
import type { Envelope } from "../../core/falcon/envelope.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { failure } from "../../core/falcon/failure.ts"
import { askForList, shortEnd } from "../../core/falcon/list-answer.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { read } from "./indicator.ts"
import { iocs } from "./limits.ts"
import { sort } from "./sort-argument.ts"

const offset = z
  .union([z.int().min(0), offsetArgument("The `next` of an earlier answer.")])
  .optional()
  .describe("Where to begin: a number up to 10000, or the `next` of an earlier answer.")

/**
 * `GET /iocs/queries/indicators/v1` (falconpy `indicator_search_v1`). Its `offset` ends at 10,000 and excludes `after`: it
 * is sent with the first page only, and `after` leads on. The answer says how many there are in all and where to go on.
 */
export const searchIndicators = defineAction({
  slug: "search_indicators",
  alias: "ioc_search_indicators",
  title: "Search Indicators",
  description: "Finds indicators by type, value, source, action and so on; gives their ids, for get_indicators.",
  arguments: z.strictObject({
    filter: fqlFilter("source:'Sekoia.io'+type:'sha256'"),
    sort,
    limit: limitArgument(),
    offset,
  }),
  resource: z.string().describe("The id of an indicator."),
  example: { filter: "source:'Sekoia.io'", sort: "modified_on|desc", limit: 500 },
  scopes: read,
  changes: false,
  destructive: false,
  idempotent: true,
  run: ({ limit, offset, ...query }) => walk(query, startOf(offset), limit),
})

/** Where a page begins: neither means the beginning. */
interface Position {
  readonly after?: string
  readonly offset?: number
}

/** Digits are a position in the list; any other text is one of Falcon's. */
const startOf = (offset: string | number | undefined): Position => {
  if (offset === undefined) return {}
  return /^\d+$/.test(String(offset)) ? { offset: Number(offset) } : { after: String(offset) }
}

/** Page after page, each asked for just as many as are still wanted: so Falcon's `after` leads on from where we stop. */
const walk = Effect.fnUntraced(function* (
  query: { readonly filter?: string | undefined; readonly sort?: string | undefined },
  start: Position,
  limit: number,
): Effect.fn.Return<Outcome, FalconError, Falcon> {
  const falcon = yield* Falcon
  const resources: unknown[] = []
  const errors: RowError[] = []
  const trace_ids: string[] = []
  const seen = new Set<string>()
  let total: number | null = null
  let position: Position | undefined = start
  let is_full = false
  /** Falcon's `after` led on, which is gone behind the last page. */
  let is_led = start.after !== undefined
  while (position !== undefined && resources.length < limit) {
    const wanted = Math.min(limit - resources.length, iocs.page_max)
    const operation = search({ ...query, ...position, limit: wanted })
    if (seen.has(JSON.stringify(position))) {
      return yield* failure(operation, "malformed", "Falcon's pages go in circles")
    }
    seen.add(JSON.stringify(position))
    const page: Envelope = yield* failWhenEmpty(operation, yield* askForList(falcon.request, operation))
    if (page.trace_id !== undefined) trace_ids.push(page.trace_id)
    errors.push(...page.errors)
    for (const one of page.resources) resources.push(one)
    if (typeof page.pagination?.total === "number") total = page.pagination.total
    if (page.resources.length === 0) break
    const by_number: boolean = position.after === undefined
    is_full = page.resources.length >= wanted
    position =
      afterOf(page, wanted) ?? (by_number ? numberAfter(numberOf(start) + resources.length, total, is_full) : undefined)
    is_led ||= position?.after !== undefined
  }
  const is_more = resources.length > limit
  const reached = is_more ? numberIn(is_led ? undefined : numberOf(start) + limit) : position
  const next = resources.length < limit ? undefined : (reached?.after ?? reached?.offset)
  const listed = numberOf(start) + resources.length
  const missing = (total ?? 0) - listed
  const is_cut = is_more || (!is_led && is_full && total !== listed)
  if (next === undefined && is_cut) errors.push({ code: 206, message: windowEnd })
  else if (next === undefined && resources.length < limit && !is_led && missing > 0)
    errors.push({ code: 206, message: shortEnd(missing, resources.length) })
  return {
    ...outcomeOfList(resources.slice(0, limit), errors, trace_ids),
    ...(total !== null && { total }),
    ...(next !== undefined && { next: String(next) }),
  }
})

const windowEnd = `there may be more than these, and Falcon names no way on: by number a page begins at ${iocs.offset_max} at most. Go on with a filter for what was created after the last one, such as created_on:>'2026-01-31T00:00:00Z', and sort by created_on|asc`

const numberOf = (start: Position): number => start.offset ?? 0

/** Falcon's `after` leads on from the page's end, and so from the last that was asked for, unless Falcon gave more than that. */
const afterOf = (page: Envelope, wanted: number): Position | undefined => {
  const after = page.pagination?.after
  return typeof after === "string" && after !== "" && page.resources.length <= wanted ? { after } : undefined
}

/**
 * Without `after`, as long as Falcon counts more than came, and after a full page where it counts none, or fewer than came: by number, which
 * ends at 10,000. Not where `after` led before.
 */
const numberAfter = (reached: number, total: number | null, is_full: boolean): Position | undefined => {
  const is_more = total === null || total < reached ? is_full : reached < total
  return is_more ? numberIn(reached) : undefined
}

/** A number at which a page may begin. */
const numberIn = (offset: number | undefined): Position | undefined =>
  offset !== undefined && offset <= iocs.offset_max ? { offset } : undefined

const search = (query: NonNullable<Operation["query"]>): Operation => ({
  name: "iocs.search",
  method: "GET",
  path: "/iocs/queries/indicators/v1",
  query,
  idempotent: true,
  scopes: read,
})
