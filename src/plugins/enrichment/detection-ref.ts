/** What is kept of a detection until its vertices are looked up. */
export interface DetectionRef {
  readonly event_type: EventType
  /** Composite id of the alert, or id of the detection. */
  readonly id: string
  readonly severity_name: string | null
  readonly severity_code: number | null
}

/** The key of `event` that holds the detection's id, by `metadata.eventType`. Other types point to no process. */
const id_keys = { EppDetectionSummaryEvent: "CompositeId", DetectionSummaryEvent: "DetectId" } as const

export type EventType = keyof typeof id_keys

export const event_types: readonly EventType[] = ["EppDetectionSummaryEvent", "DetectionSummaryEvent"]

/** What {@link detectionRef} looks at in `event`. */
export const fields: readonly string[] = [...Object.values(id_keys), "SeverityName", "Severity"]

/** As JSON text; `undefined` for another type, and for a detection without an id. Never throws. */
export function detectionRef(event: unknown): string | undefined {
  const event_type = at(at(event, "metadata"), "eventType")
  if (event_type !== "EppDetectionSummaryEvent" && event_type !== "DetectionSummaryEvent") return undefined
  const detection = at(event, "event")
  const id = at(detection, id_keys[event_type])
  if (typeof id !== "string" || id === "") return undefined
  const name = at(detection, "SeverityName")
  const code = at(detection, "Severity")
  const ref: DetectionRef = {
    event_type,
    id,
    severity_name: typeof name === "string" ? name : null,
    severity_code: typeof code === "number" ? code : null,
  }
  return JSON.stringify(ref)
}

/** Reads what `detectionRef` wrote. */
export const parseDetectionRef = (text: string): DetectionRef => JSON.parse(text) as DetectionRef

/** A key of an object; `undefined` when there is no such key, or no object. */
export const at = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined
