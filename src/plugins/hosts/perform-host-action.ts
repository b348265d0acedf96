import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { accepted, actOnHosts, affected_host, host_actions, settlesAs } from "./act.ts"
import { agent_ids, example_host, write } from "./device.ts"
import { per_call } from "./limits.ts"

/** `per_call` is that of most actions; hiding and showing hosts goes in calls of 100. */
export const performHostAction = defineAction({
  slug: "perform_host_action",
  title: "Perform Host Action",
  description: `Contains hosts or lifts their containment, hides them from the console or shows them again, suppresses their detections or allows them again. ${accepted}`,
  arguments: z.strictObject({
    ids: idsArgument(agent_ids),
    action_name: z
      .enum(host_actions)
      .describe("What to do. `hide_host` takes the host out of the console, as for one that is no more."),
  }),
  resource: affected_host,
  example: { ids: [example_host], action_name: "contain" },
  scopes: write,
  changes: true,
  destructive: true,
  idempotent: true,
  per_call: per_call.host_actions,
  hosts: ({ ids }) => ids,
  settles: ({ ids, action_name }) => settlesAs(action_name, ids),
  run: ({ ids, action_name }, facts) => actOnHosts(action_name, ids, facts),
})
