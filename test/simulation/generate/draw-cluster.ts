/** Draws a scenario of a cluster from a seed, with generators of its own. */
import { Random } from "../../../simulator/events/random.ts"
import type { ClusterScenario, LineFault, Trouble, Who } from "./cluster-scenario.ts"
import { drawDown, minute } from "./draw-common.ts"
import { drawGraph } from "./draw-enrichment.ts"
import type { Fault, PartitionPlan, Poison, RequestDeed, StreamDeed } from "./scenario.ts"

const enriched_share = 0.25

export const drawCluster = (seed: number): ClusterScenario => {
  const random = new Random(seed * 64 + 48)
  const span_ms = random.int(1, 5) * minute
  const runners = random.int(2, 3)
  const partitions = random.list(1, random.chance(0.3) ? 4 : 2, () => drawPartition(random, span_ms))
  const byTime = (one: { readonly at_ms: number }, other: { readonly at_ms: number }) => one.at_ms - other.at_ms
  const drawn: ClusterScenario = {
    seed,
    runners,
    partitions,
    faults: random.list(0, 4, () => drawFault(random, span_ms, partitions.length)).sort(byTime),
    troubles: random.list(1, random.pick([3, 8]), () => drawTrouble(random, span_ms, runners)).sort(byTime),
    line_ms_max: random.pick([1, 20, 400]),
    resume: random.pick(["inclusive", "exclusive"]),
    lock: random.pick(["stream", "session"]),
    session_interval_s: random.pick([120, 300, 600]),
    session_life_s: random.pick([900, 3_600, 1_000_000]),
    token_life_s: random.pick([300, 1_799]),
    keepalive_ms: random.pick([5_000, 30_000]),
    chunk_bytes_max: random.pick([64, 1_000, 16_384]),
    // What is on its way to the intake for seconds arrives after a takeover.
    latency_ms_max: random.pick([2, 50, 400, 4_000]),
    batch_events_max: random.pick([1, 5, 20, 100]),
    batch_wait_ms_max: random.int(500, 2_000),
  }
  return random.chance(enriched_share) ? { ...drawn, graph: drawGraph(random) } : drawn
}

const poisons: readonly Poison[] = ["malformed", "truncated", "not_object", "invalid_utf8", "no_offset"]

const drawPartition = (random: Random, span_ms: number): PartitionPlan => {
  const later = random.pick([0, 20, 300])
  return {
    backlog: random.pick([10, 100, 400]),
    later,
    per_minute: Math.max(0.1, later / (span_ms / minute)),
    poison_share: random.pick([0, 0, 0.05]),
    poison: random.sample(poisons, random.int(1, poisons.length)),
    late_share: 0,
    filling_max: random.pick([0, 100]),
  }
}

/** Most troubles come while there is much to deliver: what Falcon holds at the start is delivered within seconds. */
const drawAt = (random: Random, span_ms: number): number =>
  random.int(0, Math.min(span_ms, random.pick([1_500, 1_500, 20_000, span_ms])))

const how: readonly LineFault[] = ["refused", "hangs", "answer_lost", "answer_reset", "late"]

const drawTrouble = (random: Random, span_ms: number, runners: number): Trouble => {
  // Counted from the start, calls reach all that is delivered then, however fast that goes.
  const is_early = random.chance(0.4)
  const at_ms = is_early ? random.int(0, 20) : drawAt(random, span_ms)
  const who: Who = random.chance(0.7) ? "holder" : random.int(0, runners - 1)
  const steps = random.int(0, is_early ? 200 : random.pick([3, 30]))
  const drawn = random.unit()
  if (drawn < 0.3)
    return { on: "move", at_ms, steps, orderly: random.chance(0.3), learns_ms: random.pick([0, 50, 2_000, 30_000]) }
  if (drawn < 0.5) return { on: "freeze", at_ms, who, steps, for_ms: random.pick([500, 11_000, 30_000, 90_000]) }
  if (drawn < 0.62) return { on: "kill", at_ms, who, steps, down_ms: drawDown(random) }
  if (drawn < 0.68) return { on: "stop", at_ms, who, down_ms: drawDown(random) }
  if (drawn < 0.84)
    return { on: "cut", at_ms, who, for_ms: random.pick([300, 6_000, 20_000, 60_000]), how: random.pick(how) }
  if (drawn < 0.92) return { on: "database", at_ms, for_ms: random.pick([300, 6_000, 60_000]), how: random.pick(how) }
  return { on: "clock", at_ms, who, by_ms: random.pick([-10_800_000, -2_000, 2_000, 3_600_000]) }
}

const drawFault = (random: Random, span_ms: number, partitions: number): Fault => {
  const at_ms = drawAt(random, span_ms)
  const partition = random.int(0, partitions - 1)
  if (random.chance(0.3)) {
    const kinds = ["cut", "end", "reset", "session_end", "stall"] as const
    const deed: StreamDeed = { kind: random.pick(kinds) }
    return { on: "stream", at_ms, for_ms: random.pick([1_000, 30_000]), partition, do: deed }
  }
  const on = random.pick(["intake", "intake", "intake", "list", "open"] as const)
  const deed = random.pick<RequestDeed>([
    { kind: "hang" },
    { kind: "reset" },
    { kind: "answer_lost" },
    { kind: "answer_late", by_ms: random.pick([1_000, 20_000]) },
    { kind: "status", status: random.pick([500, 503]) },
  ])
  return { on, at_ms, for_ms: random.pick([1_000, 20_000, minute]), count: random.pick([1, 3, 1_000]), do: deed }
}
