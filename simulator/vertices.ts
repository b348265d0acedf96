/** What the intake took of endpoint detections and of the vertices around them. */
export interface VertexAccount {
  /** Vertices. */
  events: number
  /** Distinct endpoint detections of a process; one of a scan of files has none. */
  detections: number
  /** Detections without any vertex, and the first few of their ids. */
  without: { detections: number; ids: string[] }
  /** Vertices that came before their detection. */
  early: number
}

const followed = /"eventType"\s*:\s*"(?:Epp)?DetectionSummaryEvent"/
const id_member = /"(?:CompositeId|DetectId)"\s*:\s*"([^"]+)"/
const process_id = /"ProcessId"\s*:\s*"?\d/
const detection_id = /"detectionIdString"\s*:\s*"([^"]+)"/
const first_ids = 10

/** Keeps book of detections and vertices by the detection's id. */
export class VertexBook {
  readonly #vertices = new Map<string, number>()
  #events = 0
  #early = 0

  /** The intake took an event of the tape. */
  detection(text: string): void {
    if (!followed.test(text) || !process_id.test(text)) return
    const id = id_member.exec(text)?.[1]
    if (id !== undefined && !this.#vertices.has(id)) this.#vertices.set(id, 0)
  }

  /** The intake took an event that is on no tape. */
  stranger(text: string): void {
    const id = detection_id.exec(text)?.[1]
    if (id === undefined) return
    this.#events++
    const before = this.#vertices.get(id)
    if (before === undefined) this.#early++
    this.#vertices.set(id, (before ?? 0) + 1)
  }

  account(): VertexAccount {
    const without = [...this.#vertices].flatMap(([id, vertices]) => (vertices === 0 ? [id] : []))
    return {
      events: this.#events,
      detections: this.#vertices.size,
      without: { detections: without.length, ids: without.slice(0, first_ids) },
      early: this.#early,
    }
  }
}
