/**
 * Adds a tag to detections: after each detection on a host whose name a rule matches, an event of type `DetectionTag` goes to the intake. The
 * detection itself is not changed.
 */
import { definePlugin } from "akonis/plugin"
import { Effect } from "effect"
import { z } from "zod"

const config = z.strictObject({
  rules: z
    .array(
      z.strictObject({
        host: z.string().min(1).max(255).describe("Part of the host's name, in any case."),
        tag: z.string().min(1).max(64).describe("What the detection is tagged with."),
      }),
    )
    .min(1)
    .max(100)
    .describe("Which detections get which tag; the first rule that matches."),
})

const noted = z.object({ id: z.string(), host: z.string(), tag: z.string() })

const text = (value: unknown): string => (typeof value === "string" ? value : "")

export default definePlugin({
  api: 1,
  id: "tag-detections",
  title: "Tags detections by the name of their host.",
  config,
  example: {
    rules: [
      { host: "dc-", tag: "crown-jewel" },
      { host: "-", tag: "other" },
    ],
  },
  enricher: {
    event_types: ["EppDetectionSummaryEvent"],
    fields: ["CompositeId", "Hostname"],
    pick: ({ event }, { rules }) => {
      const [id, host] = [text(event.CompositeId), text(event.Hostname)]
      const rule = rules.find((one) => host.toLowerCase().includes(one.host.toLowerCase()))
      return id === "" || rule === undefined ? undefined : JSON.stringify({ id, host, tag: rule.tag })
    },
    enrich: (ref) =>
      Effect.sync(() => {
        const { id, host, tag } = noted.parse(JSON.parse(ref))
        return [
          JSON.stringify({
            metadata: { eventType: "DetectionTag" },
            event: { CompositeId: id, Hostname: host, Tag: tag },
          }),
        ]
      }),
  },
})
