import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { callByIds } from "../../core/actions/bulk.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { iocs } from "../../core/limits.ts"
import { example_indicator, indicator, indicator_ids, indicatorIdOf, indicators_path, read } from "./indicator.ts"

/** `GET /iocs/entities/indicators/v1?ids=…` (falconpy `indicator_get_v1`). */
export const getIndicators = defineAction({
  slug: "get_indicators",
  alias: "ioc_get_indicators",
  title: "Get Indicators",
  description: "Gives indicators by their ids, which search_indicators finds.",
  arguments: z.strictObject({ ids: idsArgument(indicator_ids) }),
  resource: indicator,
  example: { ids: [example_indicator] },
  scopes: read,
  changes: false,
  destructive: false,
  idempotent: true,
  per_call: iocs.ids_per_call,
  run: ({ ids }) =>
    callByIds({
      ids,
      per_call: iocs.ids_per_call,
      in_query: true,
      idOf: indicatorIdOf,
      operation: (some) => ({
        name: "iocs.get",
        method: "GET",
        path: indicators_path,
        query: { ids: some },
        idempotent: true,
        scopes: read,
      }),
    }),
})
