import { defineAction } from "../../core/actions/action.ts"
import { accepted, hostAction } from "./act.ts"

export const isolateEndpoints = defineAction({
  slug: "isolate_endpoints",
  alias: "isolate_hosts",
  title: "Isolate hosts",
  description: `Contains hosts: they reach nothing but the CrowdStrike cloud and what the containment policy allows. ${accepted}`,
  destructive: true,
  ...hostAction("contain"),
})
