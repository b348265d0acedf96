/** Draws the hosts of an inventory and what happens to it, from a generator of its own. */
import { Random } from "../../../simulator/events/random.ts"
import { drawStatusOf, empty_lists, minute, no_bytes, no_lists } from "./draw-common.ts"
import { type Fault, type FleetPlan, fleet_places, type RequestDeed, type Scenario } from "./scenario.ts"

const share = 0.1

/** Adds an inventory of hosts to some scenarios, and leaves the others as they are. */
export const withFleet = (scenario: Scenario, span_ms: number): Scenario => {
  const random = new Random(scenario.seed * 64 + 34)
  if (!random.chance(share)) return scenario
  const faults = random.list(0, 4, () => drawFault(random, span_ms))
  const outages = random.chance(0.4) ? [drawOutage(random)] : []
  // From a generator of their own: what is drawn above stays as it is.
  const more = new Random(scenario.seed * 64 + 35)
  const lies = [...more.list(0, 3, () => drawLie(more, span_ms)), ...more.list(0, 3, () => drawEmpty(more, span_ms))]
  const bare = drawBare(new Random(scenario.seed * 64 + 40), span_ms)
  return {
    ...scenario,
    fleet: {
      hosts: random.pick([1, 30, 200]),
      changes_max: random.pick([0, 10, 100]),
      for_ms: span_ms,
      batch_size: random.pick([1, 7, 100]),
      page_max: random.pick([5, 50, 1_000]),
      ...drawTasks(more),
    },
    faults: [...scenario.faults, ...faults, ...outages, ...lies, ...bare].toSorted((a, b) => a.at_ms - b.at_ms),
  }
}

const drawTasks = (random: Random): Pick<FleetPlan, "task_ms" | "late_ms_max"> => ({
  ...(random.chance(0.5) ? { task_ms: random.pick([0, 3_000, 40_000]) } : {}),
  ...(random.chance(0.5) ? { late_ms_max: random.pick([30_000, 240_000]) } : {}),
})

/**
 * A listing of ids, or of hosts, with nothing in it: the whole of it, or what comes after its first page. An empty list comes once
 * per fault, so three times at most, since five listings in a row that say the same are believed; no list never is.
 */
const drawEmpty = (random: Random, span_ms: number): Fault => {
  const body = random.pick([...empty_lists, ...no_lists])
  return {
    on: random.pick(["host_ids", "host_ids", "hosts"]),
    at_ms: random.int(0, random.chance(0.7) ? Math.min(span_ms, 3_000) : span_ms),
    for_ms: Math.min(span_ms, 20 * minute),
    count: empty_lists.includes(body) ? 1 : 1_000_000,
    after: random.int(0, 3),
    do: { kind: "nothing", body },
  }
}

/** A listing of ids, or of hosts, is answered without a byte, maybe after its first pages; from a generator of its own. */
const drawBare = (random: Random, span_ms: number): readonly Fault[] => {
  if (!random.chance(0.4)) return []
  return [
    {
      on: random.pick(["host_ids", "host_ids", "hosts"]),
      at_ms: random.int(0, random.chance(0.7) ? Math.min(span_ms, 3_000) : span_ms),
      for_ms: Math.min(span_ms, 20 * minute),
      count: random.pick([1, 3, 1_000_000]),
      after: random.int(0, 3),
      do: no_bytes,
    },
  ]
}

/** An answer that looks like a success and is none. */
const drawLie = (random: Random, span_ms: number): Fault => {
  const on = random.pick(["assets", "assets", "tasks", ...fleet_places] as const)
  const nothing: RequestDeed = {
    kind: "nothing",
    body: random.pick(["", "<html>", '{"meta":{},"resources":null,"errors":null}', '{"success":false}']),
  }
  return {
    on,
    at_ms: random.int(0, random.chance(0.5) ? Math.min(span_ms, 3_000) : span_ms),
    for_ms: random.pick([5_000, minute, 5 * minute]),
    count: random.pick([1, 3, 1_000_000]),
    do: on === "assets" ? random.pick([nothing, { kind: "task_fails" }, { kind: "task_hangs" }] as const) : nothing,
  }
}

const drawFault = (random: Random, span_ms: number): Fault => {
  const on = random.pick(["assets", "assets", "assets", ...fleet_places] as const)
  return {
    on,
    at_ms: random.int(0, random.chance(0.6) ? Math.min(span_ms, 1_500) : span_ms),
    for_ms: random.pick([5_000, minute, 5 * minute]),
    count: random.pick([1, 3, 1_000_000]),
    do: drawDeed(random, on === "assets"),
  }
}

/** Nothing is taken while most of the hosts are to be sent. */
const drawOutage = (random: Random): Fault => ({
  on: "assets",
  at_ms: random.int(0, 1_000),
  for_ms: random.pick([minute, 5 * minute]),
  count: 1_000_000,
  do: random.pick<RequestDeed>([
    { kind: "status", status: 403 },
    { kind: "status", status: 503 },
    { kind: "refused" },
    { kind: "reset" },
  ]),
})

const drawDeed = (random: Random, takes: boolean): RequestDeed => {
  const drawn = random.unit()
  if (drawn < 0.5) return drawStatusOf(random, random.pick([400, 401, 403, 413, 429, 500, 503]))
  if (drawn < 0.65) return { kind: random.pick(["hang", "refused", "reset"]) }
  if (drawn < 0.8) return { kind: "answer_lost" }
  if (drawn < 0.9) return { kind: "answer_late", by_ms: random.pick([1_000, 20_000, 45_000]) }
  return takes ? { kind: "done_but", status: random.pick([413, 500, 503]) } : { kind: "garbage" }
}
