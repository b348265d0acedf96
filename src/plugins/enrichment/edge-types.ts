/** Which edge types are followed, and what was learned about them since the list was read. */
import { Effect } from "effect"
import type { Operation } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { type Calls, reads_graph } from "./calls.ts"
import { makeCoalescingCache } from "./coalescing-cache.ts"
import { type EnrichmentConfig, edge_types_never_walked } from "./config.ts"
import { enrichment } from "./limits.ts"

/** How an edge type fared at the vertices of one kind. */
interface Experience {
  asked: number
  found: number
  /** Times that it could have been asked for since it counts as rare. */
  turns: number
}

/** A day's list; what is learned goes with it, so that nothing is held against an edge type for longer. */
export class EdgeTypes {
  /** How often in a row. */
  private readonly refusals = new Map<string, number>()
  private readonly experience = new Map<string, Experience>()

  readonly names: readonly string[]

  constructor(names: readonly string[]) {
    this.names = names
  }

  /**
   * What to ask for at a vertex of this kind. `hurried` leaves out what has not been met there at the first 50 vertices;
   * every 20th is asked for it all the same, and a single find makes it usual again.
   */
  choose(prefix: string, hurried: boolean): readonly string[] {
    return this.names.filter((name) => !this.isRefused(name) && !(hurried && this.rare(prefix, name)))
  }

  /** Falcon refused this type at one process. */
  refuse(name: string): void {
    this.refusals.set(name, (this.refusals.get(name) ?? 0) + 1)
  }

  /** Falcon answered; that settles earlier refusals. */
  learn(prefix: string, name: string, edges: number): void {
    this.refusals.delete(name)
    const known = this.of(prefix, name)
    known.asked++
    known.found += edges
  }

  /** Falcon does not serve this type. */
  private isRefused(name: string): boolean {
    return (this.refusals.get(name) ?? 0) >= enrichment.refusals_max
  }

  private rare(prefix: string, name: string): boolean {
    const known = this.of(prefix, name)
    if (known.found > 0 || known.asked < enrichment.rare_after) return false
    known.turns++
    return known.turns % enrichment.rare_every !== 0
  }

  private of(prefix: string, name: string): Experience {
    const key = `${prefix} ${name}`
    const known = this.experience.get(key) ?? { asked: 0, found: 0, turns: 0 }
    this.experience.set(key, known)
    return known
  }
}

/** `GET /threatgraph/queries/edge-types/v1`: names, 267 of them in falconpy's enumeration. */
export const edgeTypesOperation: Operation = {
  name: "threatgraph.edge-types",
  method: "GET",
  path: "/threatgraph/queries/edge-types/v1",
  idempotent: true,
  scopes: reads_graph,
}

/** The list, read when it is first needed and again a day later. */
export const makeEdgeTypes = Effect.fnUntraced(function* (calls: Calls, config: EnrichmentConfig) {
  const cache = yield* makeCoalescingCache<EdgeTypes, FalconError>({
    kind: "edge_types",
    entries_max: 1,
    life_ms: enrichment.edge_types_life_ms,
  })
  const read = Effect.gen(function* () {
    const { resources } = yield* calls.request("threatgraph", "edge_types", edgeTypesOperation)
    const offered = resources.filter((name) => typeof name === "string")
    yield* warnOfUnknown(config, offered)
    return new EdgeTypes(narrowed(config, offered))
  })
  return cache.get("list", read)
})

/** Without those that are never walked, and only those of the configuration. */
export const narrowed = ({ edge_types }: EnrichmentConfig, offered: readonly string[]): readonly string[] =>
  [...new Set(offered)].filter(
    (name) => !edge_types_never_walked.includes(name) && (edge_types === "all" || edge_types.includes(name)),
  )

const warnOfUnknown = ({ edge_types }: EnrichmentConfig, offered: readonly string[]) => {
  const unknown = edge_types === "all" ? [] : edge_types.filter((name) => !offered.includes(name))
  return unknown.length === 0
    ? Effect.void
    : Effect.logWarning(`edge_types: Falcon offers no ${unknown.join(", ")}; nothing is found for them`)
}
