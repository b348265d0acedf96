/** The events of a scenario: what Falcon holds, line by line, and what has to become of each. */
import { Random } from "../../../simulator/events/random.ts"
import type { PartitionPlan, Poison, Scenario } from "../generate/scenario.ts"
import type { Detection } from "./graph.ts"

export interface LogEvent {
  readonly partition: number
  /** Its place in the partition. */
  readonly position: number
  /** As Falcon counts; not every line tells. */
  readonly offset: number
  /** When it comes to be, ms since the epoch. */
  readonly at_ms: number
  /** Bytes as they go over the wire, without the line end. */
  readonly bytes: Uint8Array
  readonly line_end: "\n" | "\r\n"
  /** Where it belongs. */
  readonly goes_to: "intake" | "dead_letters"
  /** What the intake answers to a batch that holds it. */
  readonly refused_with: number | undefined
  /** The line tells its offset, so that a repetition can be told. */
  readonly tells_offset: boolean
  /** Vertices follow it. */
  readonly detection?: Detection
}

/** One partition: its events in the order in which they are sent. */
export interface Log {
  readonly partition: number
  readonly events: readonly LogEvent[]
  /** The position of an offset. */
  readonly positions: ReadonlyMap<number, number>
  /** The position from which on offsets begin anew; behind the last event when they do not. */
  readonly anew_from: number
}

const offset_range = 1_000_000_000
const chars_max = 250_000
const line_bytes_max = 8 * 1_024 * 1_024
const encoder = new TextEncoder()

export const makeLogs = (scenario: Scenario, start_ms: number): readonly Log[] =>
  scenario.partitions.map((plan, partition) =>
    makeLog(
      plan,
      partition,
      start_ms,
      new Random(scenario.seed * 64 + partition),
      detectionsOf(scenario, partition),
      anewMs(scenario, partition),
    ),
  )

/** When the offsets of a partition begin anew, counted from the start of the run. */
const anewMs = ({ faults }: Scenario, partition: number): number => {
  const anew = faults.find(
    (fault) => fault.on === "stream" && fault.partition === partition && fault.do.kind === "anew",
  )
  return anew?.at_ms ?? Number.POSITIVE_INFINITY
}

/** Which events of a partition are detections. */
const detectionsOf = ({ seed, graph, partitions }: Scenario, partition: number): DetectionDraw => {
  if (graph === undefined) return () => undefined
  const { backlog, later } = partitions[partition]!
  const share = Math.min(graph.detection_share, graph.detections_max / Math.max(1, backlog + later))
  const random = new Random(seed * 64 + 16 + partition)
  return (position) => (random.chance(share) ? drawDetection(random, partition, position) : undefined)
}

type DetectionDraw = (position: number) => Detection | undefined

const drawDetection = (random: Random, partition: number, position: number): Detection => {
  const is_old = random.chance(0.2)
  const id = `${partition}-${position}`
  return {
    id: is_old ? `ldt:${id}` : `cid:ind:${id}`,
    is_old,
    partition,
    position,
    severity: {
      name: random.pick(["High", 'Überprüfung "x"', null]),
      code: random.pick([1, 4, null]),
    },
  }
}

const makeLog = (
  plan: PartitionPlan,
  partition: number,
  start_ms: number,
  random: Random,
  drawn_detection: DetectionDraw,
  anew_ms: number,
): Log => {
  const total = plan.backlog + plan.later
  const atMs = (position: number): number => {
    const later = position - plan.backlog + 1
    return later > 0 ? start_ms + Math.ceil((later * 60_000) / plan.per_minute) : start_ms - (total - position)
  }
  const found = Array.from({ length: total }, (_, i) => i).findIndex((i) => atMs(i) > start_ms + anew_ms)
  const anew_from = found < 0 ? total : found
  const offsets: number[] = []
  let offset = (partition + 1) * offset_range
  for (let i = 0; i < total; i++) {
    if (i === anew_from) offset = 0
    offset += random.chance(0.1) ? random.int(2, 50) : 1
    offsets.push(offset)
  }
  for (let i = 0; i + 1 < total; i += 2) {
    if (random.chance(plan.late_share)) [offsets[i], offsets[i + 1]] = [offsets[i + 1]!, offsets[i]!]
  }
  let huge = 0
  const events = offsets.map((own, position): LogEvent => {
    const single = random.chance(plan.poison_share) ? random.pick(plan.poison) : undefined
    const { run } = plan
    const in_run = run !== undefined && position >= run.from && position < run.from + run.length
    const drawn = fitting(in_run ? run.poison : single, total - position)
    // One such line tells as much as ten, and costs as much as thousands of others.
    const poison = drawn === "line_too_long" && huge++ > 0 ? "malformed" : drawn
    const at_ms = atMs(position)
    const is_refused = poison?.startsWith("refused_") === true
    const possible = drawn_detection(position)
    const detection = poison === undefined || is_refused ? possible : undefined
    const text = eventText(partition, position, own, at_ms, random, plan, detection)
    return {
      partition,
      position,
      offset: own,
      at_ms,
      line_end: random.chance(0.5) ? "\r\n" : "\n",
      tells_offset: tellsOffset(poison),
      refused_with: is_refused ? Number(poison.slice("refused_".length)) : undefined,
      goes_to: poison === undefined || poison === "no_offset" ? "intake" : "dead_letters",
      bytes: poisoned(poison, text, `${partition}-${position}`),
      ...(detection === undefined ? {} : { detection }),
    }
  })
  const positions = new Map(events.map((event) => [event.offset, event.position]))
  return { partition, events, positions, anew_from }
}

/** Only what comes later can tell that a refused event is poison, so something has to come. */
const fitting = (poison: Poison | undefined, left: number): Poison | undefined =>
  poison?.startsWith("refused_") && left <= good_at_end ? undefined : poison

const good_at_end = 12

const tellsOffset = (poison: Poison | undefined): boolean =>
  poison === undefined || poison === "too_many_chars" || poison.startsWith("refused_")

const types = ["DetectionSummaryEvent", "AuthActivityAuditEvent", "UserActivityAuditEvent", "EppDetectionSummaryEvent"]
const fillings = [
  "plain text ",
  'quotes " and \\ ',
  "línea añadida ",
  "日本語のイベント",
  "\u{1f512} emoji ",
  "tab\tand\u0001",
]

const eventText = (
  partition: number,
  position: number,
  offset: number,
  at_ms: number,
  random: Random,
  plan: PartitionPlan,
  detection: Detection | undefined,
): string => {
  const plain_type = random.pick(types)
  const type = detection === undefined ? plain_type : detectionType(detection)
  const metadata = `"metadata":{"offset":${plan.text_offsets === true ? `"${offset}"` : offset},"eventType":"${type}","eventCreationTime":${at_ms}}`
  const filling = JSON.stringify(random.pick(fillings).repeat(random.int(0, Math.ceil(plan.filling_max / 16))))
  const event = `"event":{"Id":"${partition}-${position}","Pattern":18446744073709551615,"Text":${filling},"offset":7${fields(detection)}}`
  return random.chance(0.8) ? `{${metadata},${event}}` : `{${event}, ${metadata} }`
}

const detectionType = ({ is_old }: Detection): string => (is_old ? "DetectionSummaryEvent" : "EppDetectionSummaryEvent")

/** What an event says of itself as a detection. */
const fields = (detection: Detection | undefined): string => {
  if (detection === undefined) return ""
  const { id, is_old, severity } = detection
  const name = severity.name === null ? "" : `,"SeverityName":${JSON.stringify(severity.name)}`
  return `,"${is_old ? "DetectId" : "CompositeId"}":"${id}"${name},"Severity":${severity.code}`
}

const poisoned = (poison: Poison | undefined, text: string, id: string): Uint8Array => {
  switch (poison) {
    case "malformed":
      return encoder.encode(text.slice(0, -1))
    case "truncated":
      return encoder.encode(text.slice(0, text.length >> 1))
    case "not_object":
      return encoder.encode(`[${text}]`)
    case "invalid_utf8":
      return Buffer.concat([encoder.encode(`{"Id":"${id}","x":"`), Uint8Array.of(0xe9, 0xff), encoder.encode('"}')])
    case "no_offset":
      return encoder.encode(`{"Id":"${id}","metadata":{"offset":null}}`)
    case "too_many_chars":
      return encoder.encode(`${text.slice(0, -1)},"x":"${"x".repeat(chars_max)}"}`)
    case "line_too_long":
      return Buffer.concat([encoder.encode(text.slice(0, -1)), new Uint8Array(line_bytes_max).fill(0x78)])
    default:
      return encoder.encode(text)
  }
}
