import { z } from "zod"
import { lookupAction } from "../../core/actions/lookup-action.ts"
import { per_call } from "./limits.ts"
import { retired, scopes } from "./retired.ts"

/** gofalcon `DomainIncident`. */
const incident = z.looseObject({
  incident_id: z.string().describe("`inc:<AID>:<32 hex digits>`"),
  cid: z.string().nullish().describe("The customer id."),
  name: z.string().nullish(),
  description: z.string().nullish(),
  status: z.number().nullish().describe("20 new, 25 reopened, 30 in progress, 40 closed."),
  state: z.string().nullish().describe("open or closed."),
  fine_score: z.number().nullish().describe("CrowdScore, times ten."),
  host_ids: z.array(z.string()).nullish().describe("AIDs of the hosts."),
  hosts: z.array(z.looseObject({})).nullish(),
  users: z.array(z.string()).nullish(),
  tactics: z.array(z.string()).nullish(),
  techniques: z.array(z.string()).nullish(),
  objectives: z.array(z.string()).nullish(),
  created: z.string().nullish(),
  start: z.string().nullish(),
  end: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
})

/** `POST /incidents/entities/incidents/GET/v1` (falconpy, gofalcon before July 2026). It is still called as it was documented: an older tenant may answer. */
export const getIncidents = lookupAction({
  slug: "get_incidents",
  title: "Get Incidents",
  description:
    "Retrieves incidents by their ids. CrowdStrike withdrew this API on 9 March 2026: expect a failure that names its successor, Cases: use search_cases and get_cases.",
  ids: "Ids of incidents, `inc:<AID>:<32 hex digits>`.",
  example_ids: ["inc:0c1fca6d3d7c4c0f8ff0d45ea3cf4c5a:7de9a4ae4ecd4b21a3c5f2b67fa3e0d4"],
  resource: incident,
  call: {
    name: "incidents.get",
    method: "POST",
    path: "/incidents/entities/incidents/GET/v1",
    per_call: per_call.incidents,
    scopes,
    id_field: "incident_id",
    retired,
  },
})
