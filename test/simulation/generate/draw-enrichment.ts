/** Draws what happens around detections, from a generator of its own: what is drawn without it stays as it is. */
import { Random } from "../../../simulator/events/random.ts"
import { drawDown, drawKill, drawStatusOf, empty_lists, minute, no_bytes, no_lists } from "./draw-common.ts"
import {
  type Fault,
  for_good_ms,
  type GraphPlace,
  type GraphPlan,
  graph_places,
  type PartitionPlan,
  type RequestDeed,
  type Scenario,
} from "./scenario.ts"

const share = 1 / 3
/** Of those: more events than may wait for vertices, and vertices that do not come. */
const storm_share = 0.05

/** Switches the enrichment on in some scenarios, and leaves the others as they are. */
export const withEnrichment = (scenario: Scenario, span_ms: number): Scenario => {
  const random = new Random(scenario.seed * 64 + 32)
  if (!random.chance(share)) return scenario
  const graph = drawGraph(random)
  const faults = random.list(0, random.pick([1, 2, 4]), () => drawFaults(random, span_ms)).flat()
  const storm = random.chance(storm_share)
  // An event that comes late is not to meet a restart, see `draw.ts`.
  const late = scenario.partitions.some(({ late_share }) => late_share > 0)
  const endings = late ? [] : drawEndings(random, span_ms)
  const empty = drawEmpty(new Random(scenario.seed * 64 + 37))
  const bare = drawBare(new Random(scenario.seed * 64 + 39))
  const all = [
    ...scenario.faults,
    ...faults,
    ...endings,
    ...empty,
    ...bare,
    ...(storm ? [outage(random, 0, for_good_ms)].flat() : []),
  ]
  return {
    ...scenario,
    ...(storm ? stormOf(random, scenario) : {}),
    graph,
    faults: all.toSorted((a, b) => a.at_ms - b.at_ms),
  }
}

/** The list of edge types is empty, from a generator of its own: mostly at the first look, whose answer is kept for a day. */
const drawEmpty = (random: Random): readonly Fault[] => {
  if (!random.chance(0.3)) return []
  const at_ms = random.chance(0.7) ? 0 : random.int(0, 20_000)
  const body = random.pick([...empty_lists, ...no_lists])
  return [
    faultOf("edge_types", at_ms, random.pick([5_000, minute]), random.pick([1, 3, 1_000_000]), {
      kind: "nothing",
      body,
    }),
  ]
}

/** The list of edge types is answered without a byte, from a generator of its own: what was drawn before this was possible stays as it is. */
const drawBare = (random: Random): readonly Fault[] => {
  if (!random.chance(0.2)) return []
  const at_ms = random.chance(0.7) ? 0 : random.int(0, 20_000)
  return [faultOf("edge_types", at_ms, random.pick([5_000, minute]), random.pick([1, 3, 1_000_000]), no_bytes)]
}

export const drawGraph = (random: Random): GraphPlan => ({
  detections_max: random.pick([10, 60, 150]),
  detection_share: random.pick([0.02, 0.2, 0.5]),
  unknown_share: random.pick([0, 0, 0.05]),
  old_detections: random.pick(["served", "gone"]),
  edge_types: random.int(3, 6),
  processes: random.pick([1, 4, 30]),
  edges_max: random.pick([1, 3, 8]),
  page_max: random.pick([1, 3, 100]),
})

/** Small events, quickly delivered. */
const stormOf = (random: Random, { partitions }: Scenario): Partial<Scenario> => {
  const calm: PartitionPlan = { ...partitions[0]!, backlog: 10_000 + random.int(2_500, 4_000), filling_max: 0 }
  return {
    partitions: partitions.with(0, calm),
    batch_events_max: random.pick([100, 500]),
    chunk_bytes_max: 65_536,
    latency_ms_max: 50,
  }
}

/** The process ends while vertices are looked up. */
const drawEndings = (random: Random, span_ms: number): readonly Fault[] =>
  random.list(0, 2, () => {
    const at_ms = random.int(0, random.chance(0.5) ? Math.min(span_ms, 30_000) : span_ms)
    return random.chance(0.7) ? drawKill(random, at_ms) : { on: "stop", at_ms, down_ms: drawDown(random) }
  })

const drawFaults = (random: Random, span_ms: number): readonly Fault[] => {
  const at_ms = random.int(0, random.chance(0.5) ? Math.min(span_ms, 20_000) : span_ms)
  const for_ms = random.chance(0.2) ? for_good_ms : random.pick([5_000, minute, 10 * minute])
  if (random.chance(0.4)) return outage(random, at_ms, for_ms)
  const on = random.pick(graph_places)
  return [faultOf(on, at_ms, for_ms, random.pick([1, 3, 1_000_000]), drawDeed(random))]
}

/** All of ThreatGraph, or the alerts. */
const outage = (random: Random, at_ms: number, for_ms: number): readonly Fault[] => {
  const deed = random.pick<RequestDeed>([
    { kind: "hang" },
    { kind: "reset" },
    { kind: "refused" },
    { kind: "status", status: 500 },
    { kind: "status", status: 503 },
  ])
  const places: readonly GraphPlace[] = random.chance(0.8) ? ["edge_types", "edges", "vertices"] : ["alerts"]
  return places.map((on) => faultOf(on, at_ms, for_ms, 1_000_000, deed))
}

const faultOf = (on: GraphPlace, at_ms: number, for_ms: number, count: number, deed: RequestDeed): Fault => ({
  on,
  at_ms,
  // A budget or a token that is refused for good stops everything else, too.
  for_ms:
    deed.kind === "status" && (deed.status === 429 || deed.status === 401) ? Math.min(for_ms, 5 * minute) : for_ms,
  count,
  do: deed,
})

const drawDeed = (random: Random): RequestDeed => {
  const drawn = random.unit()
  if (drawn < 0.6) return drawStatusOf(random, random.pick([400, 401, 403, 403, 404, 404, 429, 429, 500, 503]))
  if (drawn < 0.75) return { kind: random.pick(["hang", "refused", "reset"]) }
  if (drawn < 0.85) return { kind: "answer_lost" }
  if (drawn < 0.95) return { kind: "answer_late", by_ms: random.pick([1_000, 20_000, 45_000]) }
  return { kind: "garbage" }
}
