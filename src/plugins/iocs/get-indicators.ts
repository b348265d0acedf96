import { lookupAction } from "../../core/actions/lookup-action.ts"
import { example_indicator, indicator, indicator_details, indicator_ids } from "./indicator.ts"

export const getIndicators = lookupAction({
  slug: "get_indicators",
  alias: "ioc_get_indicators",
  title: "Get Indicators",
  description: "Gives indicators by their ids, which search_indicators finds.",
  ids: indicator_ids,
  example_ids: [example_indicator],
  resource: indicator,
  call: indicator_details,
})
