import { z } from "zod"
import { baseUrl, fromEnv, requiredIf, secret } from "../../core/config/schema-parts.ts"
import { delivery } from "../../core/delivery/limits.ts"

/** Keys of `plugins.event-stream`. */
export const config = z.strictObject({
  intake_key: requiredIf(
    secret("SEKOIA_INTAKE_KEY", "Key of the Sekoia intake that takes the events; only `destination: sekoia` needs it."),
    { key: "destination", is: "sekoia" },
  ),
  intake_url: fromEnv(
    baseUrl.default("https://intake.sekoia.io"),
    "SEKOIA_INTAKE_URL",
    "Events go to {intake_url}/batch.",
  ),
  destination: z
    .enum(["sekoia", "ndjson"])
    .default("sekoia")
    .describe("Where the events go: to a Sekoia intake, or as raw lines to standard output or a file."),
  ndjson: z
    .strictObject({
      path: z
        .string()
        .min(1)
        .default("events.ndjson")
        .describe('The file, in the data folder unless it begins with "/"; "-" is standard output.'),
      rotate_bytes: z
        .int()
        .min(1_024)
        .max(Number.MAX_SAFE_INTEGER)
        .default(1_073_741_824)
        .describe("The file is set aside before it would become larger than this."),
      keep: z
        .int()
        .min(1)
        .max(10_000)
        .default(10)
        .describe("Files that were set aside and stay; the oldest goes first."),
    })
    .prefault({})
    .describe("With `destination: ndjson`: where the lines go."),
  app_id: z
    .string()
    .regex(/^[a-z0-9]{1,31}$/, "must be 1 to 31 lower-case letters or digits")
    .optional()
    .describe("Name under which the streams are opened; otherwise made once and kept in data_dir."),
  start: z
    .enum(["oldest", "newest"])
    .default("oldest")
    .describe("Where to begin on a partition that has no stored offset."),
  event_types: z
    .array(z.string().regex(/^\w{1,64}$/, "must be the name of an event type"))
    .default([])
    .describe("Event types that Falcon shall send; empty for all."),
  batch_events_max: z
    .int()
    .min(1)
    .max(delivery.batch_events_max)
    .default(delivery.batch_events_max)
    .describe("Events in one intake request."),
  batch_wait_ms_max: z
    .int()
    .min(10)
    .max(60_000)
    .default(delivery.batch_wait_ms_max)
    .describe("How long an event may wait for its batch to fill."),
})

export type EventStreamConfig = z.infer<typeof config>
