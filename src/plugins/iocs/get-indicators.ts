import { lookupAction } from "../../core/actions/lookup-action.ts"
import { example_indicator, indicator, indicator_ids, indicators_path, read } from "./indicator.ts"
import { iocs } from "./limits.ts"

/** `GET /iocs/entities/indicators/v1?ids=…` (falconpy `indicator_get_v1`). */
export const getIndicators = lookupAction({
  slug: "get_indicators",
  alias: "ioc_get_indicators",
  title: "Get Indicators",
  description: "Gives indicators by their ids, which search_indicators finds.",
  ids: indicator_ids,
  example_ids: [example_indicator],
  resource: indicator,
  call: {
    name: "iocs.get",
    method: "GET",
    path: indicators_path,
    per_call: iocs.ids_per_call,
    scopes: read,
    id_field: "id",
  },
})
