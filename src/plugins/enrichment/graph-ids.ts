/** Ids in ThreatGraph: `<prefix>:<device>:<object>`. Only the prefix means something to us; the rest goes back as it came. */
import { at } from "./detection-ref.ts"

/** The last part but one of `/threatgraph/entities/<type>/v1`, by the prefix of the id (upstream module, constants). */
const types: ReadonlyMap<string, string> = new Map([
  ["mod", "modules"],
  ["pid", "processes"],
  ["dns", "domains"],
  ["aid", "devices"],
  ["uid", "users"],
  ["uses", "user-sessions"],
  ["ctg", "control-graphs"],
])

/** What stands before the first colon; an id without a colon has none. Object parts may hold further colons. */
export function prefixOf(id: string): string | undefined {
  const colon = id.indexOf(":")
  return colon > 0 ? id.slice(0, colon) : undefined
}

/** Which vertices are asked for this id; `undefined` for a prefix that we do not know. Never throws. */
export function vertexTypeOf(id: string): string | undefined {
  const prefix = prefixOf(id)
  return prefix === undefined ? undefined : types.get(prefix)
}

/** An alert's own process and its parent. Any of the keys may be missing or `null`. */
export const processesOfAlert = (alert: unknown): readonly string[] =>
  distinct([at(alert, "triggering_process_graph_id"), at(at(alert, "parent_details"), "process_graph_id")])

/** The process of each behavior of a detection of the old kind, and its parent. */
export function processesOfDetection(detection: unknown): readonly string[] {
  const behaviors = at(detection, "behaviors")
  if (!Array.isArray(behaviors)) return []
  return distinct(
    behaviors.flatMap((behavior: unknown) => [
      at(behavior, "triggering_process_graph_id"),
      at(at(behavior, "parent_details"), "parent_process_graph_id"),
    ]),
  )
}

const distinct = (ids: readonly unknown[]): readonly string[] =>
  [...new Set(ids.filter((id) => typeof id === "string" && id !== ""))] as string[]
