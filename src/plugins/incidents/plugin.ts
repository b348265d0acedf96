/** Incidents and behaviors: withdrawn by CrowdStrike, kept so that a playbook that asks is told what took their place. */
import { z } from "zod"
import { readCheck } from "../../core/check/scope-check.ts"
import { definePlugin } from "../../core/plugin.ts"
import { getBehaviors } from "./get-behaviors.ts"
import { getIncidents } from "./get-incidents.ts"
import { retired } from "./retired.ts"

export const incidents = definePlugin({
  id: "incidents",
  title: "Looks up incidents and behaviors, an API that CrowdStrike has withdrawn.",
  enabled_by_default: true,
  config: z.strictObject({}),
  checks: () => [readCheck("Incidents: Read", { method: "GET", path: "/incidents/queries/incidents/v1", retired })],
  actions: [getIncidents, getBehaviors],
})
