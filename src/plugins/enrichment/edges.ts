/** The edges that leave a process, of every type that is asked for. */
import { Effect, Metric, Semaphore } from "effect"
import type { Operation } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { walkPages } from "../../core/falcon/paginate.ts"
import { type Calls, isRejected, reads_graph } from "./calls.ts"
import { makeCoalescingCache } from "./coalescing-cache.ts"
import { at } from "./detection-ref.ts"
import type { EdgeTypes } from "./edge-types.ts"
import { prefixOf } from "./graph-ids.ts"
import { enrichment } from "./limits.ts"
import { metrics } from "./metrics.ts"

export interface Edge {
  readonly source_id: string
  readonly type: string
  /** The vertex at the far end. */
  readonly id: string
}

/** What was found at one process. */
export interface Walk {
  /** By edge type in Falcon's order, and in the order of its pages. */
  readonly edges: readonly Edge[]
  /** Requests that it took. */
  readonly calls: number
  /** Edge types that have more edges than were taken. */
  readonly cut: readonly string[]
}

/** `GET /threatgraph/combined/edges/v1`: one vertex, one edge type, pages of at most 100 (falconpy, PSFalcon). */
const edgesOperation = (source_id: string, edge_type: string): Operation => ({
  name: "threatgraph.edges",
  method: "GET",
  path: "/threatgraph/combined/edges/v1",
  query: { ids: source_id, edge_type, scope: "device" },
  idempotent: true,
  scopes: reads_graph,
})

export const makeEdges = Effect.fnUntraced(function* (calls: Calls, edge_types: Effect.Effect<EdgeTypes, FalconError>) {
  const cache = yield* makeCoalescingCache<Walk, FalconError>({
    kind: "edges",
    entries_max: enrichment.processes_cached_max,
    life_ms: enrichment.edges_life_ms,
    size: { of: ({ edges }) => 1 + edges.length, size_max: enrichment.edges_cached_max },
  })

  const few = yield* Semaphore.make(enrichment.walks_at_once_max)

  /** The edges of one type: one more than are taken at most, which tells that there are more. */
  const edgesOfType = (source_id: string, type: string) =>
    walkPages((operation) => calls.request("threatgraph", "edges", operation), edgesOperation(source_id, type), {
      limit: enrichment.edges_per_type_max + 1,
      page_size: enrichment.edges_per_page,
    })

  /** Everything that leaves a process, empty answers included: remembered, so that they cost nothing the next time. */
  const walk = Effect.fnUntraced(function* (
    source_id: string,
    is_hurried: () => boolean,
  ): Effect.fn.Return<Walk, FalconError> {
    const known = yield* edge_types
    const hurried = is_hurried()
    const prefix = prefixOf(source_id) ?? ""
    const chosen = known.choose(prefix, hurried)
    const found = new Map<string, readonly unknown[]>()
    const refused: string[] = []
    let requests = 0

    const readType = Effect.fnUntraced(function* (type: string) {
      // Falcon knows the process as little as the type: the rest would be refused as well.
      if (found.size === 0 && refused.length >= enrichment.refused_first_max) return
      const pages = yield* edgesOfType(source_id, type)
      requests += pages.calls
      found.set(type, pages.resources)
    })
    yield* Effect.forEach(
      chosen,
      (type) =>
        Effect.catchIf(readType(type), isRejected, () =>
          Effect.sync(() => {
            requests++
            refused.push(type)
          }),
        ),
      { concurrency: enrichment.calls_at_once_max, discard: true },
    )

    if (found.size > 0) for (const type of refused) known.refuse(type)
    for (const [type, edges] of found) known.learn(prefix, type, edges.length)
    if (hurried) yield* Metric.update(metrics.enrichment_skipped, known.choose(prefix, false).length - chosen.length)
    return walkOf(source_id, chosen, found, requests)
  })

  return (source_id: string, is_hurried: () => boolean) =>
    cache.get(source_id, few.withPermit(walk(source_id, is_hurried)))
})

/** Puts together what was found: in the order of the types, whatever came first; each edge once. */
const walkOf = (
  source_id: string,
  types: readonly string[],
  found: ReadonlyMap<string, readonly unknown[]>,
  calls: number,
): Walk => {
  const { edges_per_type_max } = enrichment
  const edges = new Map<string, Edge>()
  for (const type of types) {
    for (const resource of (found.get(type) ?? []).slice(0, edges_per_type_max)) {
      const edge = edgeOf(resource, source_id, type)
      if (edge !== undefined) edges.set(`${edge.source_id} ${edge.type} ${edge.id}`, edge)
    }
  }
  const cut = types.filter((type) => (found.get(type)?.length ?? 0) > edges_per_type_max)
  return { edges: [...edges.values()], calls, cut }
}

/** An edge says itself where it begins and what it is; what was asked for stands in. Without a far end it leads nowhere. */
const edgeOf = (resource: unknown, source_id: string, type: string): Edge | undefined => {
  const id = at(resource, "id")
  if (typeof id !== "string") return undefined
  return {
    source_id: textOr(at(resource, "source_vertex_id"), source_id),
    type: textOr(at(resource, "edge_type"), type),
    id,
  }
}

const textOr = (value: unknown, otherwise: string): string => (typeof value === "string" ? value : otherwise)
