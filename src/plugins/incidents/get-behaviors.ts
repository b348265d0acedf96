import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { callByIds, idIn } from "../../core/actions/bulk.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { per_call } from "../../core/limits.ts"
import { retired, scopes } from "./retired.ts"

/** gofalcon `DomainBehavior`. */
const behavior = z.looseObject({
  behavior_id: z.string().describe("`ind:<AID>:<digits and dashes>`"),
  cid: z.string().nullish().describe("The customer id."),
  aid: z.string().nullish().describe("AID of the host."),
  incident_id: z.string().nullish(),
  incident_ids: z.array(z.string()).nullish(),
  pattern_id: z.number().nullish(),
  timestamp: z.string().nullish(),
  user_name: z.string().nullish(),
  cmdline: z.string().nullish(),
  filepath: z.string().nullish(),
  domain: z.string().nullish(),
  sha256: z.string().nullish(),
  tactic: z.string().nullish(),
  technique: z.string().nullish(),
  objective: z.string().nullish(),
})

const idOf = idIn("behavior_id")

/** `POST /incidents/entities/behaviors/GET/v1` (falconpy, gofalcon before July 2026). It is still called as it was documented: an older tenant may answer. */
export const getBehaviors = defineAction({
  slug: "get_behaviors",
  alias: "get_behaviors",
  title: "Get Behaviors",
  description:
    "Retrieves behaviors by their ids. CrowdStrike withdrew this API on 9 March 2026: expect a failure that names its successor, Cases: use search_cases and get_cases.",
  arguments: z.strictObject({ ids: idsArgument("Ids of behaviors, `ind:<AID>:<digits and dashes>`.") }),
  resource: behavior,
  example: { ids: ["ind:0c1fca6d3d7c4c0f8ff0d45ea3cf4c5a:147189326549-10197"] },
  scopes,
  changes: false,
  destructive: false,
  idempotent: true,
  per_call: per_call.incidents,
  retired,
  run: ({ ids }) =>
    callByIds({
      ids,
      per_call: per_call.incidents,
      idOf,
      operation: (ids) => ({
        name: "incidents.behaviors",
        method: "POST",
        path: "/incidents/entities/behaviors/GET/v1",
        body: { ids },
        idempotent: true,
        scopes,
        retired,
      }),
    }),
})
