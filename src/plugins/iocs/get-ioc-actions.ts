import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { callByIds } from "../../core/actions/bulk.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { iocs } from "../../core/limits.ts"
import { read } from "./indicator.ts"

/** gofalcon `APIActionV1` */
const ioc_action = z.looseObject({
  id: z.string(),
  platforms_by_type: z.record(z.string(), z.array(z.string())).nullish().describe("Platforms by type of indicator."),
  severities: z.array(z.string()).nullish(),
})

/** `GET /iocs/entities/actions/v1?ids=…` (falconpy `action_get_v1`). */
export const getIocActions = defineAction({
  slug: "get_ioc_actions",
  alias: "ioc_get_actions",
  title: "Get IOC Actions",
  description: "Tells for which types of indicators and on which platforms an action, such as prevent, is possible.",
  arguments: z.strictObject({ ids: idsArgument("Ids of actions, such as `prevent`.") }),
  resource: ioc_action,
  example: { ids: ["prevent", "detect"] },
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
      idOf: (resource) => ioc_action.safeParse(resource).data?.id,
      operation: (some) => ({
        name: "iocs.actions",
        method: "GET",
        path: "/iocs/entities/actions/v1",
        query: { ids: some },
        idempotent: true,
        scopes: read,
      }),
    }),
})
