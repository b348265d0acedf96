import { Effect } from "effect"
import { z } from "zod"
import { defineAction, outcomeOfList } from "../../core/actions/action.ts"
import { fqlFilter, limitArgument, offsetArgument } from "../../core/actions/shared-arguments.ts"
import { Falcon } from "../../core/falcon/client.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { iocs } from "../../core/limits.ts"
import { read } from "./indicator.ts"
import { sort } from "./search.ts"

const offset = z
  .union([z.int().min(0), offsetArgument("The `after` text of an earlier page.")])
  .optional()
  .describe("Where to begin: a number up to 10000, or the `after` text that Falcon gave with an earlier page.")

/**
 * `GET /iocs/queries/indicators/v1` (falconpy `indicator_search_v1`). Its `offset` ends at 10,000 and excludes `after`: it
 * is sent with the first page only, and `after` leads on.
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
  run: ({ filter, sort, limit, offset }) =>
    Effect.gen(function* () {
      const falcon = yield* Falcon
      const search = (start: Operation["query"]): Operation => ({
        name: "iocs.search",
        method: "GET",
        path: "/iocs/queries/indicators/v1",
        query: { filter, sort, ...start },
        idempotent: true,
        scopes: read,
      })
      const walk = (start: Operation["query"], cap: number) =>
        falcon.pages(search(start), { limit: cap, page_size: iocs.page_max })
      if (offset === undefined || !/^\d+$/.test(String(offset))) {
        const pages = yield* walk({ after: offset }, limit)
        return outcomeOfList(pages.resources, pages.errors, pages.trace_ids)
      }
      const first = yield* falcon.request(search({ offset: Number(offset), limit: Math.min(limit, iocs.page_max) }))
      const resources = first.resources.slice(0, limit)
      const trace_ids = first.trace_id === undefined ? [] : [first.trace_id]
      const { after, total } = first.pagination ?? {}
      const reached = Number(offset) + resources.length
      const next =
        typeof after === "string" && after !== ""
          ? { after }
          : typeof total === "number" && reached < total
            ? { offset: reached }
            : undefined
      if (next === undefined || resources.length === 0 || resources.length >= limit) {
        return outcomeOfList(resources, first.errors, trace_ids)
      }
      const rest = yield* walk(next, limit - resources.length)
      return outcomeOfList(
        [...resources, ...rest.resources],
        [...first.errors, ...rest.errors],
        [...trace_ids, ...rest.trace_ids],
      )
    }),
})
