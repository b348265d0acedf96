import { defineAction } from "../../core/actions/action.ts"
import { accepted, hostAction } from "./act.ts"

export const deisolateEndpoints = defineAction({
  slug: "deisolate_endpoints",
  alias: "deisolate_hosts",
  title: "Deisolate hosts",
  description: `Lifts the containment of hosts: their network works as before. ${accepted}`,
  destructive: false,
  ...hostAction("lift_containment"),
})
