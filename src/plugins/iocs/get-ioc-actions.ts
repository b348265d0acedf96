import { z } from "zod"
import { lookupAction } from "../../core/actions/lookup-action.ts"
import { action_details } from "./indicator.ts"

/** gofalcon `APIActionV1` */
const ioc_action = z.looseObject({
  id: z.string(),
  platforms_by_type: z.record(z.string(), z.array(z.string())).nullish().describe("Platforms by type of indicator."),
  severities: z.array(z.string()).nullish(),
})

export const getIocActions = lookupAction({
  slug: "get_ioc_actions",
  alias: "ioc_get_actions",
  title: "Get IOC Actions",
  description: "Tells for which types of indicators and on which platforms an action, such as prevent, is possible.",
  ids: "Ids of actions, such as `prevent`.",
  example_ids: ["prevent", "detect"],
  resource: ioc_action,
  call: action_details,
})
