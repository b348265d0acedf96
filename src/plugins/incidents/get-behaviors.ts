import { z } from "zod"
import { lookupAction } from "../../core/actions/lookup-action.ts"
import { per_call } from "./limits.ts"
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

/** `POST /incidents/entities/behaviors/GET/v1` (falconpy, gofalcon before July 2026). It is still called as it was documented: an older tenant may answer. */
export const getBehaviors = lookupAction({
  slug: "get_behaviors",
  title: "Get Behaviors",
  description:
    "Retrieves behaviors by their ids. CrowdStrike withdrew this API on 9 March 2026: expect a failure that names its successor, Cases: use search_cases and get_cases.",
  ids: "Ids of behaviors, `ind:<AID>:<digits and dashes>`.",
  example_ids: ["ind:0c1fca6d3d7c4c0f8ff0d45ea3cf4c5a:147189326549-10197"],
  resource: behavior,
  call: {
    name: "incidents.behaviors",
    method: "POST",
    path: "/incidents/entities/behaviors/GET/v1",
    per_call: per_call.incidents,
    scopes,
    id_field: "behavior_id",
    retired,
  },
})
