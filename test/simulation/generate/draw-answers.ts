/** Draws answers that come with 200 and are none, from a generator of its own: what is drawn without it stays as it is. */
import { Random } from "../../../simulator/events/random.ts"
import { minute } from "./draw-common.ts"
import { type Fault, type PartitionPlan, type Scenario, tellsAnew } from "./scenario.ts"

const share = 0.25
/** Of those: so many partitions whose sessions end one after the other that a ring of four ids would not do. */
const singly_share = 0.3
const partitions_singly = 6

/** Offsets begin anew, in worlds without an enrichment, and where health can tell. */
const share_anew = 0.15

const bodies = {
  page: "<!DOCTYPE html>\n<html>\n<body>Access denied</body>\n</html>\n",
  error: '{"meta":{},"errors":[{"code":403,"message":"stream session is no longer valid"}]}',
  refresh: '{"meta":{},"errors":[{"code":500,"message":"internal"}],"resources":[]}',
} as const

/** Gives some scenarios feeds, refreshes and listings that are not what their status says; the others stay as they are. */
export const withAnswers = (scenario: Scenario, span_ms: number): Scenario => {
  const random = new Random(scenario.seed * 64 + 36)
  if (!random.chance(share)) return scenario
  const text_offsets = random.chance(0.3)
  const plans = scenario.partitions.map((plan): PartitionPlan => (text_offsets ? { ...plan, text_offsets } : plan))
  const singly = random.chance(singly_share)
  const small = { ...plans[0]!, backlog: 5, later: 10, per_minute: Math.max(0.1, 10 / (span_ms / minute)) }
  const more = singly ? Array.from({ length: partitions_singly - plans.length }, () => small) : []
  const partitions = [...plans, ...more]
  const drawn = random.list(1, 3, () => drawFaults(random, span_ms, partitions.length)).flat()
  // A partition that is not listed for a while begins anew at its committed offset, and an event that comes late may lie below it: see `draw.ts`.
  const late = plans.some(({ late_share }) => late_share > 0)
  const bearable = late ? drawn.filter(({ on }) => on !== "list") : drawn
  const faults = [...scenario.faults, ...bearable, ...(singly ? drawEndings(random, span_ms, partitions.length) : [])]
  return { ...scenario, partitions, faults: faults.toSorted((a, b) => a.at_ms - b.at_ms) }
}

/** Lets the offsets of a partition begin anew in some scenarios, and leaves the others as they are. */
export const withOffsetsAnew = (scenario: Scenario, span_ms: number): Scenario => {
  const random = new Random(scenario.seed * 64 + 38)
  const { partitions, faults } = scenario
  const partition = random.int(0, partitions.length - 1)
  if (
    !random.chance(share_anew) ||
    !tellsAnew(scenario) ||
    partitions[partition]!.later === 0 ||
    scenario.graph !== undefined
  )
    return scenario
  const at_ms = random.int(0, span_ms)
  const anew: Fault = { on: "stream", at_ms, for_ms: 0, partition, do: { kind: "anew" } }
  return { ...scenario, faults: [...faults, anew].toSorted((a, b) => a.at_ms - b.at_ms) }
}

const drawFaults = (random: Random, span_ms: number, partitions: number): readonly Fault[] => {
  const at_ms = random.int(0, span_ms)
  const partition = random.int(0, partitions - 1)
  const ends = (kind: "end" | "whole_end" | "session_end"): Fault => ({
    on: "stream",
    at_ms: at_ms + 1,
    for_ms: 0,
    partition,
    do: { kind },
  })
  const answered = (on: "open" | "refresh", body: string): Fault => ({
    on,
    at_ms,
    for_ms: Math.min(span_ms, random.pick([minute, 5 * minute])),
    count: random.int(1, 5),
    partition,
    do: { kind: "answer", body },
  })
  const kind = random.pick(["page", "error", "refresh", "entry", "whole", "whole"] as const)
  if (kind === "whole") return [ends("whole_end")]
  if (kind === "refresh") return [answered("refresh", bodies.refresh)]
  if (kind !== "entry") return [answered("open", bodies[kind]), ends("end")]
  const lacks = random.pick(["token", "refresh_url", "interval"] as const)
  const for_ms = random.pick([minute, 10 * minute])
  return [
    { on: "list", at_ms, for_ms, count: 1_000_000, partition, do: { kind: "bad_entry", lacks } },
    ends("session_end"),
  ]
}

/** Every partition's session ends by itself, each a while after the one before. */
const drawEndings = (random: Random, span_ms: number, partitions: number): readonly Fault[] =>
  Array.from({ length: partitions }, (_, partition) => ({
    on: "stream",
    at_ms: Math.floor((span_ms * (partition + random.unit())) / partitions),
    for_ms: 0,
    partition,
    do: { kind: "session_end" },
  }))
