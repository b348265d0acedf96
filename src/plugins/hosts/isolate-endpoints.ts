import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { accepted, actOnHosts, affected_host, settlesAs } from "./act.ts"
import { agent_ids, example_host, write } from "./device.ts"
import { per_call } from "./limits.ts"

export const isolateEndpoints = defineAction({
  slug: "isolate_endpoints",
  alias: "isolate_hosts",
  title: "Isolate hosts",
  description: `Contains hosts: they reach nothing but the CrowdStrike cloud and what the containment policy allows. ${accepted}`,
  arguments: z.strictObject({ ids: idsArgument(agent_ids) }),
  resource: affected_host,
  example: { ids: [example_host] },
  scopes: write,
  changes: true,
  destructive: true,
  idempotent: true,
  per_call: per_call.host_actions,
  hosts: ({ ids }) => ids,
  settles: ({ ids }) => settlesAs("contain", ids),
  run: ({ ids }, facts) => actOnHosts("contain", ids, facts),
})
