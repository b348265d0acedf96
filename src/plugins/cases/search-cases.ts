import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { searchOutcome } from "../../core/actions/search-outcome.ts"
import { fqlFilter, limitArgument, positionArgument, sortArgument } from "../../core/actions/shared-arguments.ts"
import { read } from "./case.ts"
import { cases as bounds } from "./limits.ts"

/** falconpy documents `status|desc`, falcon-mcp sends `created_timestamp.desc` too. */
const sort = sortArgument(
  "created_timestamp|desc",
  "|",
  " Properties: created_timestamp, updated_timestamp, severity, status, name or reference_id.",
)

/** `GET /cases/queries/cases/v1` (falconpy `queries_cases_get_v1`): pages of up to 10,000 ids; `offset` is a number. */
export const searchCases = defineAction({
  slug: "search_cases",
  title: "Search cases",
  description:
    "Finds cases by status, severity, assignee, time and so on; gives their ids, for get_cases. `total` tells how many match, `next` how to go on.",
  arguments: z.strictObject({
    filter: fqlFilter("status:'new'+severity:>70"),
    q: z
      .string()
      .trim()
      .min(1)
      .max(bounds.text_chars_max)
      .optional()
      .describe("Words to look for in all that a case says."),
    sort,
    limit: limitArgument(),
    offset: positionArgument(bounds.offset_max),
  }),
  resource: z.string().describe("The id of a case."),
  example: { filter: "status:'new'+severity:>70", sort: "created_timestamp|desc", limit: 50 },
  scopes: read,
  changes: false,
  destructive: false,
  idempotent: true,
  run: ({ filter, q, sort, limit, offset }) =>
    searchOutcome(
      {
        name: "cases.search",
        method: "GET",
        path: "/cases/queries/cases/v1",
        query: { filter, q, sort, offset },
        idempotent: true,
        scopes: read,
      },
      { limit, page_size: bounds.page_max, is_numbered: true },
    ),
})
