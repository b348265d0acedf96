/**
 * What a modelled Falcon knows around detections: alerts and old detections that point to processes, edges that leave these,
 * vertices at their far ends. All of it is drawn at once and never changes, so that what has to follow a detection is known.
 */
import { Random } from "../../../simulator/events/random.ts"
import type { GraphPlace, GraphPlan } from "../generate/scenario.ts"
import type { Answer } from "./falcon.ts"

/** An event of the stream that vertices follow. */
export interface Detection {
  /** As `CompositeId` of an endpoint detection, or `DetectId` of a detection of the old kind. */
  readonly id: string
  readonly is_old: boolean
  readonly partition: number
  readonly position: number
  readonly severity: { readonly name: string | null; readonly code: number | null }
}

/** What follows one detection through one edge. */
export interface Expected {
  readonly edge_type: string
  readonly vertex_id: string
  /** The whole event, as the intake gets it. */
  readonly text: string
}

interface Origin {
  readonly processes: readonly string[]
}

const offered = ["child_process", "loaded_module", "dns_request", "user", "connected_ip4", "wrote_module"] as const
/** In every listing, and asked for by nobody. */
const never_walked = ["device", "hunting_lead"]

/** By edge type: the prefix of the ids at the far end. Nobody collects the kind `ip4`. */
const prefixes: Readonly<Record<string, string>> = {
  child_process: "pid",
  loaded_module: "mod",
  dns_request: "dns",
  user: "uid",
  connected_ip4: "ip4",
  wrote_module: "mod",
}
const paths: Readonly<Record<string, string>> = { pid: "processes", mod: "modules", dns: "domains", uid: "users" }

const host = "0123456789abcdef0123456789abcdef"

export class Graph {
  /** Of the types that Falcon lists, one may be refused by it all the same. */
  private readonly types: readonly string[]
  private readonly refused: string | undefined
  private readonly processes: readonly string[]
  private readonly edges = new Map<string, readonly string[]>()
  private readonly vertices = new Map<string, string>()
  private readonly origins = new Map<string, Origin>()
  private readonly random: Random

  private readonly plan: GraphPlan

  constructor(plan: GraphPlan, seed: number) {
    this.plan = plan
    this.random = new Random(seed)
    this.types = this.random.sample(offered, plan.edge_types)
    this.refused = this.random.chance(0.2) ? this.types[0] : undefined
    this.processes = Array.from({ length: plan.processes }, (_, i) => `pid:${host}:${1_000 + i}`)
    for (const process of this.processes) this.drawEdges(process)
  }

  /** Draws where a new detection points to, and gives what has to follow it: `undefined` when Falcon cannot tell. */
  point(detection: Detection): readonly Expected[] | undefined {
    const { random, plan } = this
    const known = !random.chance(plan.unknown_share)
    const is_scan = random.chance(0.05)
    const strange = random.chance(0.05) ? [`pid:${host}:7`] : []
    const processes = is_scan ? [] : [...strange, ...random.sample(this.processes, random.int(1, 2))].slice(0, 2)
    if (known) this.origins.set(detection.id, { processes })
    if (!known || (detection.is_old && plan.old_detections === "gone")) return undefined
    return processes.flatMap((process) => this.around(detection, process))
  }

  /** Answers one of the calls for the graph; `body` is what was sent along. */
  answer(place: GraphPlace, url: URL, body: string): Answer {
    const ids = url.searchParams.getAll("ids")
    switch (place) {
      case "alerts":
        return this.alerts(JSON.parse(body).composite_ids)
      case "detections":
        return this.detections(JSON.parse(body).ids)
      case "edge_types":
        return envelope(200, [...this.types, ...never_walked].map(text))
      case "edges":
        return this.page(String(ids[0]), url.searchParams)
      case "vertices":
        return this.entities(ids, url.pathname.split("/").at(-2)!)
    }
  }

  private drawEdges(process: string): void {
    const { random, plan } = this
    for (const type of this.types) {
      if (type === this.refused) continue
      const ids = random.list(0, plan.edges_max, (i) => `${prefixes[type]}:${host}:${type}-${random.int(0, 20)}-${i}`)
      this.edges.set(`${process} ${type}`, ids)
      for (const id of ids) if (paths[prefixes[type]!] !== undefined) this.drawVertex(id)
    }
  }

  /** Numbers that a client would change by parsing them; one in so many is gone when it is asked for. */
  private drawVertex(id: string): void {
    if (this.vertices.has(id) || this.random.chance(0.05)) return
    const properties = `{"Score": 1.0, "Id":18446744073709551615,"Name":"Überprüfung \\"${this.random.int(0, 999)}\\""}`
    this.vertices.set(id, `{"id":"${id}","vertex_type":"drawn","properties":${properties}}`)
  }

  private around({ id, severity }: Detection, process: string): readonly Expected[] {
    return this.types.flatMap((edge_type) =>
      (this.edges.get(`${process} ${edge_type}`) ?? []).flatMap((vertex_id) => {
        const vertex = this.vertices.get(vertex_id)
        const edge = { sourceVertexId: process, type: edge_type }
        const metadata = JSON.stringify({ detectionIdString: id, eventType: "Vertex", edge, severity })
        return vertex === undefined
          ? []
          : [{ edge_type, vertex_id, text: `{"metadata":${metadata},"event":${vertex}}` }]
      }),
    )
  }

  private alerts(ids: readonly string[]): Answer {
    const [found, errors] = this.known(ids.map((id) => (id.startsWith("ldt:") ? "" : id)))
    const resources = found.map(([composite_id, { processes }]) =>
      JSON.stringify({
        composite_id,
        triggering_process_graph_id: processes[0] ?? null,
        parent_details: processes[1] === undefined ? null : { process_graph_id: processes[1] },
      }),
    )
    return envelope(200, resources, errors)
  }

  private detections(ids: readonly string[]): Answer {
    if (this.plan.old_detections === "gone") return envelope(410, [], [failure(410, "Gone")])
    const [found, errors] = this.known(ids)
    const resources = found.map(([detection_id, { processes }]) => {
      const parent_details = { parent_process_graph_id: processes[1] ?? null }
      const behaviors = [{ triggering_process_graph_id: processes[0] ?? null, parent_details }]
      return JSON.stringify({ detection_id, behaviors })
    })
    return envelope(200, resources, errors)
  }

  private known(ids: readonly string[]): readonly [(readonly [string, Origin])[], string[]] {
    const found = ids.flatMap((id) => (this.origins.has(id) ? [[id, this.origins.get(id)!] as const] : []))
    const errors = ids.filter((id) => !this.origins.has(id)).map(() => failure(404, "not found"))
    return [found, errors]
  }

  /** Pages as short as the plan says: a server may always give less than was asked for. */
  private page(source: string, query: URLSearchParams): Answer {
    const type = query.get("edge_type") ?? ""
    if (type === this.refused) return envelope(400, [], [failure(400, "invalid edge type")])
    const ids = this.edges.get(`${source} ${type}`)
    if (ids === undefined) return envelope(404, [], [failure(404, "vertex not found")])
    const start = Number(query.get("offset")?.replace("page-", "") ?? 0)
    const end = start + this.plan.page_max
    const resources = ids.slice(start, end)
    const next = end < ids.length ? `{"offset":"page-${end}","next_page":"true"}` : "{}"
    const edges = resources.map((id) => JSON.stringify({ edge_type: type, id, source_vertex_id: source }))
    return envelope(200, edges, [], `{"pagination":${next}}`)
  }

  private entities(ids: readonly string[], path: string): Answer {
    const found = ids.flatMap((id) => (paths[id.split(":")[0]!] === path ? (this.vertices.get(id) ?? []) : []))
    const missing = ids.length - found.length
    const errors = Array.from({ length: missing }, () => failure(404, "vertex not found"))
    return envelope(found.length === 0 ? 404 : 200, found, errors)
  }
}

const text = (value: string): string => JSON.stringify(value)
const failure = (code: number, message: string): string => JSON.stringify({ code, message })

/** As text: numbers stay as they are written. */
const envelope = (
  status: number,
  resources: readonly string[],
  errors: readonly string[] = [],
  meta = "{}",
): Answer => ({
  status,
  body: `{"meta":${meta},"resources":[${resources.join(",")}],"errors":[${errors.join(",")}]}`,
})
