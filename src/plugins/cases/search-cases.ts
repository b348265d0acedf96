import { Effect } from "effect"
import { z } from "zod"
import { defineAction, outcomeOfList } from "../../core/actions/action.ts"
import { fqlFilter, limitArgument, positionArgument } from "../../core/actions/shared-arguments.ts"
import { Falcon } from "../../core/falcon/client.ts"
import { read } from "./case.ts"
import { cases as bounds } from "./limits.ts"

/** falconpy documents `status|desc`, falcon-mcp sends `created_timestamp.desc` too: the former goes out. */
const sort = z
  .string()
  .trim()
  .regex(/^\w{1,64}([.|](asc|desc))?$/i, "a property and a direction, such as created_timestamp|desc")
  .transform((text) => text.replace(".", "|"))
  .optional()
  .describe(
    "A property and a direction, such as `created_timestamp|desc`: created_timestamp, updated_timestamp, severity, status, name or reference_id.",
  )

/** `GET /cases/queries/cases/v1` (falconpy `queries_cases_get_v1`): pages of up to 10,000 ids; `offset` is a number. */
export const searchCases = defineAction({
  slug: "search_cases",
  alias: "search_cases",
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
    Effect.gen(function* () {
      const falcon = yield* Falcon
      const pages = yield* falcon.pages(
        {
          name: "cases.search",
          method: "GET",
          path: "/cases/queries/cases/v1",
          query: { filter, q, sort, offset },
          idempotent: true,
          scopes: read,
        },
        { limit, page_size: bounds.page_max },
      )
      const { resources, errors, trace_ids, calls: _, ...more } = pages
      return outcomeOfList(resources, errors, trace_ids, more)
    }),
})
