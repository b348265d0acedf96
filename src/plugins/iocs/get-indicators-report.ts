import { Effect } from "effect"
import { z } from "zod"
import { defineAction, outcomeOfList, type RowError } from "../../core/actions/action.ts"
import { fqlFilter } from "../../core/actions/shared-arguments.ts"
import { askStrictly, type Envelope } from "../../core/falcon/client.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { read } from "./indicator.ts"
import { sort } from "./sort-argument.ts"

const search = z
  .strictObject({
    filter: fqlFilter("source:'Sekoia.io'"),
    query: z.string().trim().max(1_024).optional().describe("Free text."),
    sort,
  })
  .default({})
  .describe("Which indicators go into the report; all when left out.")

/**
 * `POST /iocs/entities/indicators-reports/v1`, plural (falconpy `ioc_report_v1`; the Python module calls a path that does not
 * exist). Its model requires `search` and all three keys in it (gofalcon `APIIndicatorsSortedSearch`).
 */
export const getIndicatorsReport = defineAction({
  slug: "get_indicators_report",
  alias: "ioc_get_indicators_report",
  title: "Get Indicators Report",
  description:
    "Starts a job that writes a report of indicators; gives the job as Falcon describes it, its id most of the time.",
  arguments: z.strictObject({
    report_format: z.enum(["csv", "json"]).default("csv").describe("The report's format."),
    search,
  }),
  resource: z.union([z.string(), z.looseObject({})]).describe("The job."),
  example: { report_format: "csv", search: { filter: "source:'Sekoia.io'", sort: "modified_on|desc" } },
  scopes: read,
  changes: false,
  destructive: false,
  idempotent: false,
  run: ({ report_format, search: { filter = "", query = "", sort: order = "" } }) =>
    Effect.gen(function* () {
      const operation: Operation = {
        name: "iocs.report",
        method: "POST",
        path: "/iocs/entities/indicators-reports/v1",
        body: { report_format, search: { filter, query, sort: order } },
        idempotent: false,
        scopes: read,
      }
      const answer = yield* askStrictly(operation)
      const { total } = answer.pagination ?? {}
      const trace_ids = answer.trace_id === undefined ? [] : [answer.trace_id]
      return {
        ...outcomeOfList(answer.resources, answer.resources.length === 0 ? [noJob(answer)] : answer.errors, trace_ids),
        ...(typeof total === "number" && { total }),
      }
    }),
})

/** Success names a job: without one nobody finds the report, if there is any. */
const noJob = ({ status }: Envelope): RowError => ({
  code: status,
  message: `Falcon answered ${status} and named no job: whether a report is being written is not known`,
  outcome: "unconfirmed",
})
