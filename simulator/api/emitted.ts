import type { EventTemplate } from "../events/template.ts"

/** A detection that the event stream tells of, with the process that triggered it and that process's parent. */
export interface Emitted {
  readonly id: string
  readonly agent_id: string
  readonly pattern_id: number
  readonly severity: number
  /** Digits; a detection of an on-demand scan has neither. */
  readonly process_id: string | undefined
  readonly parent_id: string | undefined
}

/** By composite id (`EppDetectionSummaryEvent`) or detect id (`DetectionSummaryEvent`). */
export function emittedBy(templates: readonly EventTemplate[]): ReadonlyMap<string, Emitted> {
  const found = new Map<string, Emitted>()
  for (const template of templates) {
    if (!["EppDetectionSummaryEvent", "DetectionSummaryEvent"].includes(template.type)) continue
    const text = template.parts.map((part) => decoder.decode(part)).join("0")
    const { event } = JSON.parse(text, keepDigits) as { readonly event: Readonly<Record<string, unknown>> }
    const id = event.CompositeId ?? event.DetectId
    const agent_id = event.AgentId ?? event.SensorId
    if (typeof id !== "string" || typeof agent_id !== "string") continue
    found.set(id, {
      id,
      agent_id,
      pattern_id: Number(event.PatternId),
      severity: Number(event.Severity),
      process_id: digits(event.ProcessId),
      parent_id: digits(event.ParentProcessId),
    })
  }
  return found
}

const decoder = new TextDecoder()
const digits = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

/** Process ids go beyond 2^53: their digits are kept as they were written. */
function keepDigits(this: unknown, key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" && key.endsWith("ProcessId") ? context?.source : value
}
