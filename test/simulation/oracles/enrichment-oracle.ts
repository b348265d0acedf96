/**
 * Compares the vertices that belong to the detections with what the intake took and what was dead-lettered. Vertices come after
 * their detection, all of them, once while the process lives; and no offset passes a detection that waits for them.
 */
import { delivery, enrichment_queue } from "../../../src/core/delivery/limits.ts"
import { type Fault, isGraphPlace, lasts, type Scenario } from "../generate/scenario.ts"
import type { Detection, Expected, Graph } from "../model/graph.ts"
import type { Log } from "../model/workload.ts"
import type { Break } from "./delivery-oracle.ts"
import type { Letter } from "./letters.ts"

/** What is known of one vertex after one detection. */
export interface Vertex {
  readonly case: Case
  readonly edge_type: string
  readonly vertex_id: string
  /** As with events: the life in which it was taken last, whether that was learnt, and whether it was refused alone. */
  taken_in: number
  unanswered: boolean
  refused_alone: boolean
  dead_letters: number
}

/** A detection and what has to follow it. */
interface Case {
  readonly detection: Detection
  /** Falcon can tell what follows. */
  readonly is_known: boolean
  vertices: readonly Vertex[]
  /** Vertices that are neither with the intake nor in the dead letters. */
  missing: number
  given_up: number
}

interface Book {
  readonly cases: readonly Case[]
  /** Those before it are closed, and stored offsets are behind them. */
  settled: number
}

export class EnrichmentOracle {
  private readonly books: readonly Book[]
  private readonly by_text = new Map<string, Vertex>()
  private readonly by_id = new Map<string, Case>()
  /** Edge types and ids of vertices that Falcon has refused to this process: it need not ask again. */
  private readonly refused = new Set<string>()
  private life = 0
  private at_start: readonly number[] = []

  private readonly scenario: Scenario
  private readonly broken: Break

  constructor(graph: Graph | undefined, logs: readonly Log[], scenario: Scenario, broken: Break) {
    this.scenario = scenario
    this.broken = broken
    this.books = logs.map(({ events }) => ({
      settled: 0,
      cases: events.flatMap(({ detection }) =>
        detection === undefined || graph === undefined ? [] : [this.caseOf(detection, graph)],
      ),
    }))
  }

  /** A process starts; `committed` is the position of the last stored offset by partition, -1 for none. */
  started(life: number, committed: readonly number[]): void {
    this.life = life
    this.at_start = committed
    this.refused.clear()
  }

  find(text: unknown): Vertex | undefined {
    return this.by_text.get(String(text))
  }

  /** A body of vertices is posted. */
  posted(vertices: readonly Vertex[], events: number): void {
    const partitions = new Set(vertices.map((vertex) => vertex.case.detection.partition))
    if (partitions.size > 1 || (vertices.length > 0 && events > 0))
      this.broken("enrichment", "a batch holds vertices of two partitions, or events beside them")
    if (vertices.length > delivery.batch_events_max)
      this.broken("bounded", `a batch of ${vertices.length} vertices`, [...partitions][0])
  }

  /**
   * The intake has taken these; `isSafe` tells whether a detection is with it, or was refused by it. `is_probe`: one vertex while
   * the intake is doubted, which may be one that was delivered.
   */
  taken(vertices: readonly Vertex[], isSafe: (detection: Detection) => boolean, is_probe: boolean): void {
    for (const vertex of vertices) {
      const { detection } = vertex.case
      const { partition, position, id } = detection
      if (!isSafe(detection)) this.broken("enrichment", `a vertex comes before its detection ${id}`, partition)
      if (vertex.taken_in === this.life && !vertex.unanswered && !is_probe)
        this.broken("enrichment", `detection ${id} gets a vertex twice, and the process lives`, partition)
      if (vertex.taken_in > 0 && position <= (this.at_start[partition] ?? -1))
        this.broken("enrichment", `detection ${id} was done before the process began, and is followed again`, partition)
      this.arrived(vertex)
      vertex.taken_in = this.life
      vertex.unanswered = true
    }
  }

  /** The process has learnt that these were taken. */
  answered(vertices: readonly Vertex[]): void {
    for (const vertex of vertices) vertex.unanswered = false
  }

  /** A fault answers a call for edges or vertices. When Falcon will not serve it, what it leads to need not come. */
  excuse(url: URL, status: number): void {
    if (status !== 400 && status !== 404) return
    const edge_type = url.searchParams.get("edge_type")
    for (const what of edge_type === null ? url.searchParams.getAll("ids") : [edge_type]) this.refused.add(what)
  }

  /** Takes what is a matter of vertices; false for the letter of an event. */
  readLetter({ reason, detail, raw }: Letter): boolean {
    const text = new TextDecoder().decode(raw)
    if (reason !== "not_enriched") {
      const vertex = this.by_text.get(text)
      if (vertex === undefined) return false
      this.arrived(vertex)
      vertex.dead_letters++
      if (!vertex.refused_alone)
        this.broken("dead letters", `nobody refused a vertex of ${vertex.case.detection.id}, which is among them`)
      return true
    }
    const kept: { readonly id?: unknown } = JSON.parse(text)
    const one = this.by_id.get(String(kept.id))
    if (one === undefined) {
      this.broken("unchanged", `a detection is given up that Falcon never sent: ${text.slice(0, 200)}`)
      return true
    }
    one.given_up++
    if (!this.mayGiveUp(one, detail))
      this.broken("enrichment", `${one.detection.id} is given up without need: ${detail}`, one.detection.partition)
    return true
  }

  /** The offset at this position is stored: the detection at or before it that still waits for vertices, if one does. */
  waitsUpTo(partition: number, position: number): Detection | undefined {
    const book = this.books[partition]!
    for (;;) {
      const next = book.cases[book.settled]
      if (next === undefined || next.detection.position > position) return undefined
      if (!this.isClosed(next)) return next.detection
      book.settled++
    }
  }

  progress(): { readonly done: number; readonly open: number } {
    let done = 0
    let all = 0
    for (const { cases, settled } of this.books) {
      all += cases.length
      done += settled
      for (let i = settled; i < cases.length; i++) if (this.isClosed(cases[i]!)) done++
    }
    return { done, open: all - done }
  }

  private caseOf(detection: Detection, graph: Graph): Case {
    const expected = graph.point(detection)
    const one: Case = { detection, is_known: expected !== undefined, vertices: [], missing: 0, given_up: 0 }
    one.vertices = (expected ?? []).map((vertex) => this.vertexOf(one, vertex))
    one.missing = one.vertices.length
    this.by_id.set(detection.id, one)
    return one
  }

  private vertexOf(one: Case, { text, edge_type, vertex_id }: Expected): Vertex {
    const common = { taken_in: 0, unanswered: false, refused_alone: false, dead_letters: 0 }
    const vertex: Vertex = { case: one, edge_type, vertex_id, ...common }
    this.by_text.set(text, vertex)
    return vertex
  }

  private arrived({ taken_in, dead_letters, case: one }: Vertex): void {
    if (taken_in === 0 && dead_letters === 0) one.missing--
  }

  private isClosed({ given_up, is_known, missing, vertices }: Case): boolean {
    if (given_up > 0 || (is_known && missing === 0)) return true
    return is_known && this.refused.size > 0 && vertices.every((vertex) => this.isExcused(vertex))
  }

  private isExcused({ taken_in, dead_letters, edge_type, vertex_id }: Vertex): boolean {
    return taken_in > 0 || dead_letters > 0 || this.refused.has(edge_type) || this.refused.has(vertex_id)
  }

  /** Waiting does not help, the process stops, its partition is gone, or too much waits behind it. Outages are no reason. */
  private mayGiveUp({ is_known, detection: { partition } }: Case, detail: string): boolean {
    const { faults, partitions } = this.scenario
    if (detail.includes("the process stopped"))
      return faults.some((fault) => fault.on === "stop" || fault.on === "disk" || lasts(fault) || unlists(fault))
    const { backlog, later } = partitions[partition]!
    if (detail.includes("newer events wait")) return backlog + later > enrichment_queue.events_behind_max
    return !is_known || faults.some(isRefusal)
  }
}

const unlists = (fault: Fault): boolean => "do" in fault && fault.do.kind === "omit"

/** An answer of Falcon that waiting does not mend. */
const isRefusal = (fault: Fault): boolean =>
  isGraphPlace(fault.on) &&
  "do" in fault &&
  (fault.do.kind === "garbage" || (fault.do.kind === "status" && [400, 403, 404, 410].includes(fault.do.status)))
