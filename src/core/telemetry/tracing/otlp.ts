/** Spans as OpenTelemetry's collectors take them: JSON of OTLP/HTTP. */
import { Cause, Exit, Option } from "effect"
import { cleanText } from "../../text.ts"
import { tracing as limits } from "./limits.ts"
import type { Ended } from "./tracer.ts"

/** Who sends the spans. */
export interface Origin {
  readonly service_name: string
  readonly version: string
}

const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5, unspecified: 0 } as const
const status_codes = { unset: 0, error: 2 } as const

/** The body of a post. Secrets are cut out of every text, and long texts are cut. */
export const encodeSpans = (spans: readonly Ended[], { service_name, version }: Origin): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributesOf({ "service.name": service_name, "service.version": version }) },
        scopeSpans: [{ scope: { name: "akonis", version }, spans: spans.map(encodeSpan) }],
      },
    ],
  })

const encodeSpan = (span: Ended) => {
  const { startTime, endTime, exit } = span.status
  const parent = Option.getOrUndefined(span.parent)
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(parent !== undefined && { parentSpanId: parent.spanId }),
    name: cleanText(span.name, limits.text_chars_max),
    kind: kinds[span.kind],
    startTimeUnixNano: String(startTime),
    endTimeUnixNano: String(endTime),
    attributes: attributesOf(Object.fromEntries(span._attributes ?? [])),
    links: span.links.map(({ span: to }) => ({ traceId: to.traceId, spanId: to.spanId })),
    status: statusOf(exit, span._attributes?.has("error.type") ?? false),
  }
}

const attributesOf = (attributes: Readonly<Record<string, unknown>>) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: otlpValue(value) }))

const otlpValue = (value: unknown) => {
  if (typeof value === "boolean") return { boolValue: value }
  if (Number.isSafeInteger(value)) return { intValue: String(value) }
  if (typeof value === "number") return { doubleValue: value }
  return { stringValue: cleanText(String(value), limits.text_chars_max) }
}

/** How it ended. Of an error its kind alone: its message may quote a server, and a server what it was sent. */
const statusOf = (exit: Exit.Exit<unknown, unknown>, is_error: boolean) => {
  if (Exit.isSuccess(exit)) return { code: is_error ? status_codes.error : status_codes.unset }
  if (Cause.hasInterruptsOnly(exit.cause)) return { code: status_codes.unset, message: "interrupted" }
  return { code: status_codes.error, message: kindOf(Cause.squash(exit.cause)) }
}

const kindOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return "unexpected"
  const { _tag, reason, name } = error as Readonly<Record<string, unknown>>
  const kind = [_tag ?? name ?? "unexpected", reason].filter((part) => typeof part === "string").join(": ")
  return cleanText(kind, limits.text_chars_max)
}
