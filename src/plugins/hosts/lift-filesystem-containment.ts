import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { actOnHosts, affected_host, settlesAs } from "./act.ts"
import { agent_ids, example_host, write } from "./device.ts"
import { per_call } from "./limits.ts"

/** Falcon contains file systems by itself, when a policy says so after ransomware was seen; only the lifting is an action. */
export const liftFilesystemContainment = defineAction({
  slug: "lift_filesystem_containment",
  title: "Lift filesystem containment",
  description:
    "Lifts the containment of hosts' file systems, which a prevention policy has put on after ransomware was seen. Falcon accepts it at once and carries it out later: poll `filesystem_containment_status` with get_device_details.",
  arguments: z.strictObject({ ids: idsArgument(agent_ids) }),
  resource: affected_host,
  example: { ids: [example_host] },
  scopes: write,
  changes: true,
  destructive: false,
  idempotent: true,
  per_call: per_call.host_actions,
  hosts: ({ ids }) => ids,
  settles: ({ ids }) => settlesAs("lift_filesystem_containment_all", ids),
  run: ({ ids }, facts) => actOnHosts("lift_filesystem_containment_all", ids, facts),
})
