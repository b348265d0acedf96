import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { accepted, actOnHosts, affected_host, settlesAs } from "./act.ts"
import { agent_ids, example_host, write } from "./device.ts"
import { per_call } from "./limits.ts"

export const deisolateEndpoints = defineAction({
  slug: "deisolate_endpoints",
  alias: "deisolate_hosts",
  title: "Deisolate hosts",
  description: `Lifts the containment of hosts: their network works as before. ${accepted}`,
  arguments: z.strictObject({ ids: idsArgument(agent_ids) }),
  resource: affected_host,
  example: { ids: [example_host] },
  scopes: write,
  changes: true,
  destructive: false,
  idempotent: true,
  per_call: per_call.host_actions,
  hosts: ({ ids }) => ids,
  settles: ({ ids }) => settlesAs("lift_containment", ids),
  run: ({ ids }, facts) => actOnHosts("lift_containment", ids, facts),
})
