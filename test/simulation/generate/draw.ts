/** Draws a scenario from a seed. */
import { Random } from "../../../simulator/events/random.ts"
import { isRefusal } from "../model/intake.ts"
import { withAnswers, withOffsetsAnew } from "./draw-answers.ts"
import { drawDown, drawKill, drawStatusOf, minute } from "./draw-common.ts"
import { withEnrichment } from "./draw-enrichment.ts"
import { withFleet } from "./draw-fleet.ts"
import type { Fault, PartitionPlan, Poison, RequestDeed, Scenario, StreamDeed, StreamPlace } from "./scenario.ts"

/** `hours`: how long the workload and its faults last; drawn when absent. */
export const drawScenario = (seed: number, hours?: number): Scenario => {
  const random = new Random(seed)
  const minutes = hours === undefined ? drawMinutes(random) : hours * 60
  const partitions = random.list(1, random.chance(0.3) ? 4 : 2, () => drawPartition(random, minutes))
  const faults = random
    .list(0, random.pick([2, 6, 12]), () => drawFaults(random, minutes * minute, partitions.length))
    .flat()
    .sort((a, b) => a.at_ms - b.at_ms)
  const late = random.chance(0.15)
  const drawn: Scenario = {
    seed,
    // Not drawn, so that what is drawn stays the same.
    ...(seed % 5 === 0 && { disk_sync_ms: 3 + (seed % 40) }),
    // A late event before a restart is outside of what is promised: what is not above the committed offset is taken for a repetition.
    faults: late ? faults.filter((fault) => !restarts(fault)) : faults,
    partitions: late ? partitions.map((plan) => ({ ...plan, late_share: 0.05 })) : partitions,
    resume: random.pick(["inclusive", "exclusive"]),
    lock: random.pick(["stream", "session"]),
    session_interval_s: random.pick([120, 300, 600, 1_800]),
    session_life_s: random.pick([900, 3_600, 14_400, 1_000_000]),
    token_life_s: random.pick([300, 900, 1_799]),
    keepalive_ms: random.pick([5_000, 30_000]),
    chunk_bytes_max: random.pick([64, 1_000, 16_384, 65_536]),
    latency_ms_max: random.pick([2, 50, 400]),
    batch_events_max: random.pick([1, 5, 20, 100, 1_000]),
    batch_wait_ms_max: waitFor(random, minutes, partitions.length),
  }
  const span_ms = minutes * minute
  return withFleet(withOffsetsAnew(withEnrichment(withAnswers(drawn, span_ms), span_ms), span_ms), span_ms)
}

const restarts = ({ on }: Fault): boolean => ["kill", "stop", "list", "disk"].includes(on)

const drawMinutes = (random: Random): number => (random.chance(0.1) ? random.int(60, 360) : random.int(2, 30))

/** The worker looks at its batch five times within the longest wait: where hours pass, it need not look every 200 ms. */
const waitFor = (random: Random, minutes: number, partitions: number): number => {
  const looks_max = 8_000
  const least_ms = Math.ceil((5 * (minutes + 20) * minute * partitions) / looks_max)
  return Math.min(60_000, Math.max(random.int(200, 2_000), least_ms))
}

const drawPartition = (random: Random, minutes: number): PartitionPlan => {
  const later = random.pick([0, 20, 300])
  const poisons: readonly Poison[] = [
    ...(["malformed", "truncated", "not_object", "invalid_utf8", "no_offset"] as const),
    ...(["refused_400", "refused_422", "refused_413"] as const),
    ...(random.chance(0.1) ? (["too_many_chars"] as const) : []),
    ...(random.chance(0.02) ? (["line_too_long"] as const) : []),
  ]
  const backlog = random.pick([0, 10, 200, 1_500])
  return {
    backlog,
    later,
    ...drawRun(random, backlog + later),
    per_minute: Math.max(0.1, later / minutes),
    poison_share: random.pick([0, 0, 0.005, 0.05]),
    poison: random.sample(poisons, random.int(1, poisons.length)),
    late_share: 0,
    filling_max: random.pick([0, 100, 2_000]),
  }
}

/** A run of events that the intake refuses. */
const drawRun = (random: Random, total: number): Pick<PartitionPlan, "run"> => {
  if (total < 60 || !random.chance(0.15)) return {}
  const length = Math.min(random.pick([4, 12, 60, 400]), total >> 1)
  const poison = random.pick(["refused_400", "refused_422", "refused_413"] as const)
  return { run: { from: random.int(0, total - length), length, poison } }
}

const drawFaults = (random: Random, span_ms: number, partitions: number): Fault[] => {
  const at_ms = random.chance(0.3) ? random.int(0, Math.min(span_ms, 20_000)) : random.int(0, span_ms)
  const partition = random.int(0, partitions - 1)
  const drawn = random.unit()
  if (drawn < 0.22) return [drawStream(random, at_ms, partition)]
  if (drawn < 0.58) return drawRequest(random, at_ms, span_ms, partition)
  if (drawn < 0.75) return [drawKill(random, at_ms)]
  if (drawn < 0.79) return [{ on: "stop", at_ms, down_ms: drawDown(random) }]
  if (drawn < 0.82) return [{ on: "second_process", at_ms }]
  if (drawn < 0.89) return [drawFullDisk(random, at_ms)]
  if (drawn < 0.96) return drawJumps(random, span_ms)
  return drawUnlisted(random, at_ms, partition)
}

/** A clock that somebody has to set is set more than once. */
const drawJumps = (random: Random, span_ms: number): Fault[] =>
  random.list(1, 4, () => ({ on: "clock", at_ms: random.int(0, span_ms), by_ms: random.pick(jumps_ms) }))

const jumps_ms = [-10_800_000, -10_800_000, -600_000, -2_000, 2_000, 60_000, 3_600_000]

const drawFullDisk = (random: Random, at_ms: number): Fault => ({
  on: "disk",
  at_ms,
  for_ms: random.pick([500, 30_000, 2 * minute]),
  reason: random.pick(["Unknown", "PermissionDenied"]),
})

/** A partition is not in the listing for a while, and its session ends. */
const drawUnlisted = (random: Random, at_ms: number, partition: number): Fault[] => {
  const for_ms = random.pick([minute, 10 * minute])
  return [
    { on: "list", at_ms, for_ms, count: 1_000_000, partition, do: { kind: "omit" } },
    { on: "stream", at_ms: at_ms + 1, for_ms: 0, partition, do: { kind: "session_end" } },
  ]
}

const drawStream = (random: Random, at_ms: number, partition: number): Fault => {
  const deed = random.pick<StreamDeed>([
    { kind: "cut" },
    { kind: "end" },
    { kind: "reset" },
    { kind: "session_end" },
    { kind: "stall" },
    { kind: "keepalive_only" },
    { kind: "repeat", events: random.int(1, 100) },
    { kind: "repeat", events: 100_000 },
  ])
  return { on: "stream", at_ms, for_ms: random.pick([1_000, 30_000, 10 * minute]), partition, do: deed }
}

const drawRequest = (random: Random, at_ms: number, span_ms: number, partition: number): Fault[] => {
  const on = random.pick<StreamPlace>(["token", "list", "open", "refresh", "intake", "intake", "intake"])
  const deed = drawDeed(random, on)
  const many = random.chance(0.3)
  const for_ms = many ? random.pick([minute, 5 * minute, 20 * minute]) : span_ms
  const count = many ? 1_000_000 : random.int(1, 4)
  const own = on !== "token" && on !== "list" && random.chance(0.5)
  const fault: Fault = {
    on,
    at_ms,
    for_ms: Math.min(for_ms, span_ms),
    count,
    do: deed,
    ...(own ? { partition } : {}),
  }
  // A refresh, a token or a listing is only asked for when something has ended.
  const ending: Fault = {
    on: "stream",
    at_ms: at_ms + 1,
    for_ms: 0,
    partition,
    do: { kind: on === "open" ? "end" : "session_end" },
  }
  return ["list", "open"].includes(on) ? [fault, ending] : [fault]
}

const statuses: Readonly<Record<StreamPlace, readonly number[]>> = {
  token: [400, 401, 403, 429, 500, 503],
  list: [401, 403, 404, 429, 500, 502],
  open: [401, 403, 404, 409, 429, 500, 503],
  refresh: [401, 404, 429, 500, 503],
  intake: [400, 401, 403, 404, 408, 413, 422, 429, 429, 500, 503],
}

const drawDeed = (random: Random, on: StreamPlace): RequestDeed => {
  const drawn = random.unit()
  if (drawn < 0.5) return drawStatus(random, on)
  if (drawn < 0.6) return { kind: random.pick(["hang", "refused", "reset"]) }
  if (drawn < 0.7) return { kind: "answer_lost" }
  if (drawn < 0.8) return { kind: "answer_late", by_ms: random.pick([1_000, 20_000, 45_000]) }
  if (on === "intake" && random.chance(0.5)) return { kind: "status", status: 200, body: random.pick(lies) }
  if (on === "intake") return { kind: "done_but", status: random.pick([400, 413, 429, 500, 503]) }
  if (on === "list") return { kind: random.pick(["empty", "garbage"]) }
  if (on === "token" && random.chance(0.5)) return { kind: "redirect", status: random.pick([301, 307, 308]) }
  return on === "open" ? drawStatus(random, on) : { kind: "garbage" }
}

const page = "<html><title>Web filter</title></html>"

/** What answers 200 and is no intake, or takes nothing. */
const lies = [page, "", '{"event_ids":[]}', '{"success":false,"message":"quota exceeded"}', "[]", "null"]

const drawStatus = (random: Random, on: StreamPlace): RequestDeed => {
  const status = random.pick(statuses[on])
  const key = on === "intake" && status === 422 && random.chance(0.3)
  if (on === "intake" && isRefusal(status) && random.chance(0.4)) return { kind: "status", status, body: page }
  return { ...drawStatusOf(random, status), ...(key ? { body: '{"error":"INTAKE_KEY_ERROR"}' } : {}) }
}
