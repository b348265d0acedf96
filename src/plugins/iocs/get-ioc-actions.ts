import { z } from "zod"
import { lookupAction } from "../../core/actions/lookup-action.ts"
import { read } from "./indicator.ts"
import { iocs } from "./limits.ts"

/** gofalcon `APIActionV1` */
const ioc_action = z.looseObject({
  id: z.string(),
  platforms_by_type: z.record(z.string(), z.array(z.string())).nullish().describe("Platforms by type of indicator."),
  severities: z.array(z.string()).nullish(),
})

/** `GET /iocs/entities/actions/v1?ids=…` (falconpy `action_get_v1`). */
export const getIocActions = lookupAction({
  slug: "get_ioc_actions",
  alias: "ioc_get_actions",
  title: "Get IOC Actions",
  description: "Tells for which types of indicators and on which platforms an action, such as prevent, is possible.",
  ids: "Ids of actions, such as `prevent`.",
  example_ids: ["prevent", "detect"],
  resource: ioc_action,
  call: {
    name: "iocs.actions",
    method: "GET",
    path: "/iocs/entities/actions/v1",
    per_call: iocs.ids_per_call,
    scopes: read,
    id_field: "id",
  },
})
