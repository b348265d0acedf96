import { defineAction } from "../../core/actions/action.ts"
import { hostAction } from "./act.ts"

/** Falcon contains file systems by itself, when a policy says so after ransomware was seen; only the lifting is an action. */
export const liftFilesystemContainment = defineAction({
  slug: "lift_filesystem_containment",
  title: "Lift filesystem containment",
  description:
    "Lifts the containment of hosts' file systems, which a prevention policy has put on after ransomware was seen. Falcon accepts it at once and carries it out later: poll `filesystem_containment_status` with get_device_details.",
  destructive: false,
  ...hostAction("lift_filesystem_containment_all"),
})
