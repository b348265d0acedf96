/** The event that carries a vertex to the intake. */

import type { DetectionRef } from "./detection-ref.ts"
import type { Edge } from "./edges.ts"

/**
 * The keys and their order are the specification's; all are always there, `null` where the detection says nothing. `vertex`
 * is the JSON text that Falcon sent, and stays as it is.
 */
export function vertexEvent(
  { id, severity_name, severity_code }: DetectionRef,
  { source_id, type }: Edge,
  vertex: string,
): string {
  const metadata = {
    detectionIdString: id,
    eventType: "Vertex",
    edge: { sourceVertexId: source_id, type },
    severity: { name: severity_name, code: severity_code },
  }
  return `{"metadata":${JSON.stringify(metadata)},"event":${vertex}}`
}
