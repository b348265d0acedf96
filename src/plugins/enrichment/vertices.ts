/** Vertices by id, each as Falcon wrote it. */
import { Effect } from "effect"
import type { Operation } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { failure } from "../../core/falcon/failure.ts"
import { splitIds } from "../../core/falcon/split-ids.ts"
import { askInParts, type Calls, reads_graph } from "./calls.ts"
import { makeCoalescingCache } from "./coalescing-cache.ts"
import { at } from "./detection-ref.ts"
import { askUntilTold } from "./doubt.ts"
import { enrichment } from "./limits.ts"
import { rawResources } from "./raw-items.ts"
import { makeBatched } from "./request-batching.ts"

interface Vertex {
  readonly id: string
  /** The JSON text of the whole vertex; `undefined` when Falcon has none (any more). */
  readonly text: string | undefined
}

const idOf = ({ id }: Vertex): string => id

/** A piece of a text keeps the whole text in memory; what is remembered is a copy. */
const copyOf = (text: string): string => decoder.decode(encoder.encode(text))
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Of an entry beside its text: a guess. */
const entry_chars = 200

/** `GET /threatgraph/entities/<type>/v1`, at most 100 ids (falconpy, PSFalcon). */
const verticesOperation = (type: string, ids: readonly string[]): Operation => ({
  name: "threatgraph.vertices",
  method: "GET",
  path: `/threatgraph/entities/${type}/v1`,
  query: { ids, scope: "device" },
  idempotent: true,
  scopes: reads_graph,
})

export const makeVertices = Effect.fnUntraced(function* (calls: Calls) {
  const cache = yield* makeCoalescingCache<Vertex, FalconError>({
    kind: "vertices",
    entries_max: enrichment.vertices_cached_max,
    life_ms: enrichment.vertex_life_ms,
    size: {
      of: ({ text }) => entry_chars + (text?.length ?? 0),
      size_max: enrichment.vertices_cached_chars_max,
    },
  })

  const ask = Effect.fnUntraced(function* (type: string, ids: readonly string[]) {
    const operation = verticesOperation(type, ids)
    const { resources, errors, text } = yield* calls.request("threatgraph", "vertices", operation)
    const texts = rawResources(text)
    if (texts.length !== resources.length)
      return yield* failure(operation, "malformed", "the vertices cannot be told apart")
    const items = resources.map(
      (vertex, index): Vertex => ({ id: String(at(vertex, "id")), text: copyOf(texts[index]!) }),
    )
    return { items, unknown: errors.length }
  })

  const lookUp = makeBatched<Vertex>(enrichment.vertices_per_call, (ids, type) =>
    Effect.map(
      Effect.forEach(splitIds(ids, enrichment.vertices_per_call, { in_query: true }), (group) =>
        askInParts(group, enrichment.calls_per_group_max, (part) =>
          askUntilTold(part, idOf, (open) => ask(type, open)),
        ),
      ),
      (groups) => new Map(groups.flat().map((vertex) => [vertex.id, vertex])),
    ),
  )

  /** A vertex of a type as the path names it. That there is none is remembered, too. */
  return (type: string, id: string): Effect.Effect<string | undefined, FalconError> =>
    Effect.map(
      cache.get(
        id,
        Effect.map(lookUp(id, type), (found): Vertex => found ?? { id, text: undefined }),
      ),
      ({ text }) => text,
    )
})
