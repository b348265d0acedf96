import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { edgesOf, processesOf, vertexOf } from "./graph.ts"
import { type Call, type Reply, serve } from "./serve.ts"
import * as facts from "./threatgraph-facts.ts"

const page_size = 100

/** ThreatGraph, and the withdrawn detections API that knows the processes of old detections. */
export function threatGraphRoutes(app: Hono, sim: SimContext): void {
  const delay_ms = sim.settings.threatgraph_delay_ms
  serve(app, sim, facts.edgeTypes, () => ({ resources: [...facts.edge_types, "hunting_lead"] }), delay_ms)
  serve(app, sim, facts.edges, edges, delay_ms)
  serve(app, sim, facts.vertices, vertices, delay_ms)
  serve(app, sim, facts.vertices_v2, vertices, delay_ms)
  serve(app, sim, facts.detections, (call) => detections(sim, call))
  app.all("/detects/*", (c) => c.json({ errors: [{ code: 404, message: decommissioned }], resources: [] }, 404))
}

/** Answered since 30 September 2025 (Azure-Sentinel issue 12900 shows the status and that there is a message, not its words). */
const decommissioned = "This API has been decommissioned. Use the Alerts API."

/** A page of the edges of one type at one vertex. `offset` is the token of the next page, `next_page` says that there is one. */
function edges({ query }: Call): Reply {
  const source_vertex_id = query.get("ids") ?? ""
  const edge_type = query.get("edge_type") ?? ""
  if (!facts.edge_types.includes(edge_type)) return refuse(400, `invalid edge type: ${edge_type}`)
  const ids = edgesOf(source_vertex_id, edge_type)
  if (ids === undefined) return refuse(404, "vertex not found")
  const start = Number(/^page-(\d+)$/.exec(query.get("offset") ?? "")?.[1] ?? 0)
  const end = start + Number(query.get("limit") ?? page_size)
  const more = end < ids.length
  return {
    resources: ids.slice(start, end).map((id) => ({ edge_type, id, source_vertex_id })),
    meta: { pagination: { limit: end - start, ...(more && { offset: `page-${end}`, next_page: "true" }) } },
  }
}

function vertices({ list, path }: Call): Reply {
  const type = path.split("/").at(-2) ?? ""
  const found = list.map((id) => ({ id: String(id), vertex: vertexOf(type, String(id)) }))
  const resources = found.flatMap(({ vertex }) => (vertex === undefined ? [] : [vertex]))
  const errors = found
    .filter(({ vertex }) => vertex === undefined)
    .map(({ id }) => ({ code: 404, message: "vertex not found", id }))
  return { status: resources.length === 0 ? 404 : 200, resources, errors }
}

/** Withdrawn on 30 September 2025: not found unless the scenario says otherwise. */
function detections(sim: SimContext, { list }: Call): Reply {
  const { detections: state, processes } = sim.settings
  if (state === "gone") return refuse(410, "Gone")
  if (state === "not_found") return refuse(404, decommissioned)
  const emitted = sim.emitted()
  const found = list.flatMap((id) => emitted.get(String(id)) ?? [])
  return {
    resources: found.map((one) => {
      const { process, parent } = processesOf(one, processes)
      return {
        detection_id: one.id,
        behaviors: [
          {
            triggering_process_graph_id: process ?? null,
            parent_details: { parent_process_graph_id: parent ?? null },
          },
        ],
      }
    }),
  }
}

const refuse = (code: number, message: string): Reply => ({ status: code, errors: [{ code, message }], resources: [] })
