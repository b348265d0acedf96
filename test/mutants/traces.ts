/** Breaks of what traces promise. */
import { breaks, type Mutant } from "./mutant.ts"

const noticed = "src/core/telemetry/tracing/exporter.test.ts"
const room = "src/core/telemetry/tracing"

export const traces: readonly Mutant[] = [
  ...breaks({ file: `${room}/exporter.ts`, page: "docs/operations.md", noticed_by: noticed }, [
    {
      name: "a collector that hangs fills the memory",
      promise: "At most 4 096 spans wait for the collector.",
      find: "waiting.length >= limits.spans_waiting_max",
      replace: "waiting.length >= 1e9",
    },
    {
      name: "a login page takes spans",
      promise: "Spans count as exported when a collector's own words say so.",
      find: "if (answer === undefined) return {",
      replace: "if (answer === null) return {",
    },
    {
      name: "a dead collector holds the end of the process",
      promise: "A collector that hangs costs spans and nothing else.",
      noticed_by: "test/traces/exporter.test.ts",
      find: "duration: limits.close_ms_max,",
      replace: "duration: 3_600_000,",
    },
    {
      name: "one span that a collector rejects counts for a whole post",
      promise: "Every span is counted, as exported or as dropped.",
      noticed_by: "test/traces/exporter.test.ts",
      find: "may_pass: false, spans: rejected }",
      replace: "may_pass: false }",
    },
  ]),
  ...breaks({ file: `${room}/otlp.ts`, page: "docs/security.md", noticed_by: noticed }, [
    {
      name: "a secret in a span",
      promise: "A span holds no secret.",
      find: "stringValue: cleanText(String(value), limits.text_chars_max)",
      replace: "stringValue: String(value)",
    },
    {
      name: "the message of an error in a span",
      promise: "Of an error a span holds the kind alone.",
      find: "message: kindOf(Cause.squash(exit.cause))",
      replace: "message: Cause.pretty(exit.cause)",
    },
  ]),
  ...breaks(
    {
      file: "src/core/http/client/observe-call.ts",
      page: "docs/operations.md",
      noticed_by: "test/traces/traces.test.ts",
    },
    [
      {
        name: "a query in a span",
        promise: "A span holds no query.",
        find: "cleanText(pathname, limits.path_chars_max)",
        replace: "cleanText(url, limits.path_chars_max)",
      },
    ],
  ),
  ...breaks({ file: `${room}/spanned.ts`, noticed_by: "src/core/telemetry/tracing/exporter.test.ts" }, [
    {
      name: "spans that nobody collects",
      promise: "While nobody collects traces, no span is made.",
      find: "if (!fiber.getRef(Tracing)) return effect",
      replace: "",
    },
  ]),
  ...breaks(
    {
      file: "src/plugins/event-stream/pipeline.ts",
      page: "docs/operations.md",
      noticed_by: "test/traces/traces.test.ts",
    },
    [
      {
        name: "the span of a batch begins with its post",
        promise: "The span of a batch begins with its first event.",
        find: "age_ms: monotonicMs(clock) - batch.opened_ms",
        replace: "age_ms: 0",
      },
    ],
  ),
  ...breaks(
    {
      file: "src/core/delivery/lines/batch-builder.ts",
      page: "docs/operations.md",
      noticed_by: "src/core/delivery/lines/batch-builder.test.ts",
    },
    [
      {
        name: "a batch that begins with a line that was held began with the process",
        promise: "The span of a batch begins with its first event.",
        find: "    this.open = new OpenBatch(this.fed_ms)\n",
        replace: "    this.open = new OpenBatch(0)\n",
      },
    ],
  ),
]
