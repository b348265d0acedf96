/** What a reload answers, over HTTP and in the shell. */
import { z } from "zod"

const names = (description: string) => z.array(z.string()).describe(description)

/** What a reload answers. Plugins are named `<tenant>/<plugin>`. */
export const reload_answer = z.object({
  started: names("Plugins that were off, or whose tenant is new."),
  stopped: names("Plugins that are off now, or whose tenant is gone."),
  restarted: names("Plugins with other settings: stopped as at an end, and started again."),
  kept: names("Plugins that went on without noticing."),
  rotated: names(
    "Secrets that have another value: `<tenant>: <key>`, `<tenant>/<plugin>: <key>`, `server.tokens: <name>`, `traces: headers`, `flight_control: client_secret`.",
  ),
  changed: names("Other keys that have another value and are in force."),
  needs_restart: names("Keys that have another value, which is in force after a restart only."),
})

export type ReloadAnswer = z.output<typeof reload_answer>
