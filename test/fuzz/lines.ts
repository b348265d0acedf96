/** What comes from the socket: the scan of a line, and how bytes become batches. */
import { expect } from "bun:test"
import fc from "fast-check"
import type { Batch, BatchBounds } from "../../src/core/delivery/lines/batch.ts"
import { BatchBuilder } from "../../src/core/delivery/lines/batch-builder.ts"
import type { Framing } from "../../src/core/delivery/lines/framing.ts"
import { LineScanner } from "../../src/core/delivery/lines/line-scanner.ts"
import { ndjson_framing } from "../../src/core/delivery/ndjson.ts"
import { intake_framing } from "../../src/core/sekoia/intake.ts"
import { type FuzzCase, fuzzCase } from "./fuzz-case.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const scanner = new LineScanner()

/** What JSON.parse makes of a line; undefined when that is no object. */
const parsed = (line: Uint8Array): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(decoder.decode(line))
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

const natural = (value: unknown): number => (Number.isSafeInteger(value) && (value as number) >= 0 ? Number(value) : -1)

/** A natural number, or its digits as text. */
const offsetOf = (value: unknown): number =>
  natural(typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value)

const factsOf = (event: Record<string, unknown>) => {
  const metadata = (event.metadata ?? {}) as Record<string, unknown>
  return { offset: offsetOf(metadata.offset), created_ms: natural(metadata.eventCreationTime) }
}

/** The scan and JSON.parse say the same of a line, and the escaped form gives its bytes back. */
const agrees = (line: Uint8Array): void => {
  const out = new Uint8Array(line.length * 2 + 16)
  const end = scanner.scan(line, 0, line.length, out, 0)
  const event = parsed(line)
  expect(end >= 0).toBe(event !== undefined)
  if (event === undefined) return
  const text: string = JSON.parse(`"${decoder.decode(out.subarray(0, end))}"`)
  expect(Buffer.from(text).equals(line)).toBe(true)
  expect({ offset: scanner.offset, created_ms: scanner.created_ms }).toEqual(factsOf(event))
}

const key = fc.oneof(
  fc.constantFrom("metadata", "offset", "eventType", "eventCreationTime", "event", '"offset":1', "\\"),
  fc.string({ unit: "binary" }),
)
const leaf = fc.oneof(
  fc.constantFrom(0, 1, 174, 2 ** 53, 1e21, -1, 1.5),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: "binary" }),
  fc.boolean(),
  fc.constant(null),
)
const { value: json } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small" }, leaf, tie("object"), fc.array(tie("value"), { maxLength: 3 })),
  object: fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
}))

/** Events as far from Falcon's as JSON allows. */
const event = fc
  .record({ metadata: fc.oneof(json, fc.dictionary(key, leaf)), event: json, rest: json }, { requiredKeys: [] })
  .map((value) => JSON.stringify(value))

const mutation = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), kind: fc.nat({ max: 3 }) })

const json_parts = [
  ...'{}[]:,"\\ue+-.019tfnrals \t\r',
  "true",
  "false",
  "null",
  '"metadata":',
  '"offset":',
  '{"',
] as const
const nearly_json = fc
  .array(fc.constantFrom(...json_parts), { maxLength: 24 })
  .map((parts) => encoder.encode(`{${parts.join("")}}`))

const bounds: BatchBounds = {
  batch_events_max: 3,
  batch_bytes_max: 1_400,
  event_chars_max: 60,
  line_bytes_max: 100,
  recent_offsets_max: 64,
}
const prefix = encoder.encode('{"intake_key":"k","jsons":["')

/** A line of a stream, without its end. */
const line = fc.oneof(
  fc.nat(12).map((offset) => encoder.encode(`{"metadata":{"offset":${offset}}}`)),
  fc
    .tuple(fc.nat(12), fc.string({ unit: "binary", maxLength: 60 }))
    .map(([offset, text]) => encoder.encode(JSON.stringify({ metadata: { offset }, text }))),
  fc.uint8Array({ maxLength: 12 }),
  fc.constantFrom("", " ", "\t \r", "{}", "\r").map((text) => encoder.encode(text)),
  fc.integer({ min: 101, max: 150 }).map((length) => new Uint8Array(length).fill(0x7a)),
  nearly_json,
)
const stream = fc
  .array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\n\n", "\r\n\r\n")), { maxLength: 8 })
  .map((lines) => Buffer.concat(lines.flatMap(([bytes, end]) => [bytes, encoder.encode(end)])))

interface Outcome {
  readonly posted: readonly string[]
  readonly set_aside: readonly string[]
  readonly offset: number
}

/** What should become of a stream, found the simple way. */
const expected = (bytes: Uint8Array, resume_offset: number): Outcome => {
  const posted: string[] = []
  const set_aside: string[] = []
  const seen = new Set<number>()
  // What is no event is known again by its place: how manieth it is after which offset.
  const strange = new Set<string>()
  let place = -1
  let ordinal = 0
  let offset = resume_offset
  for (const text of Buffer.from(bytes).toString("latin1").split("\n").slice(0, -1)) {
    const raw = Buffer.from(text.replace(/\r$/, ""), "latin1")
    const event = parsed(raw)
    const own = event === undefined ? -1 : factsOf(event).offset
    if (event === undefined && raw.every((byte) => byte <= 0x20)) continue
    if (own >= 0) [place, ordinal] = [own, 0]
    if (own >= 0 && (own <= resume_offset || seen.has(own))) continue
    if (own >= 0) seen.add(own)
    offset = Math.max(offset, own)
    const fits = event !== undefined && [...decoder.decode(raw)].length <= bounds.event_chars_max
    if (fits) posted.push(raw.toString("latin1"))
    else {
      const kept = raw.toString("latin1").slice(0, bounds.line_bytes_max)
      const at = `${place} ${ordinal++} ${kept}`
      if (own >= 0 || !strange.has(at)) set_aside.push(kept)
      strange.add(at)
    }
  }
  return { posted, set_aside, offset }
}

/** What comes out, which is the same whatever the destination. */
const actual = (pieces: readonly Uint8Array[], resume_offset: number): Outcome => {
  const outcome = framedFor(intake_framing, pieces, resume_offset)
  expect(framedFor(ndjson_framing, pieces, resume_offset)).toEqual(outcome)
  return outcome
}

/** Feeds the pieces and takes every batch, as the pipeline does. */
const framedFor = (framing: Framing, pieces: readonly Uint8Array[], resume_offset: number): Outcome => {
  const builder = new BatchBuilder(framing, bounds, resume_offset)
  const batches: Batch[] = []
  for (const piece of pieces) {
    for (let from = 0; ; ) {
      from = builder.feed(piece, from, 0)
      if (!builder.full) break
      batches.push(builder.take())
    }
  }
  if (!builder.empty) batches.push(builder.take())
  return {
    posted: batches.flatMap((batch) => postedIn(batch, framing)),
    set_aside: batches.flatMap((batch) => batch.rejects.map(({ raw }) => Buffer.from(raw).toString("latin1"))),
    offset: Math.max(resume_offset, ...batches.map((batch) => batch.last_offset)),
  }
}

/** The events of a body, byte for byte, as the destination reads them; and the body keeps to its bounds. */
const postedIn = (batch: Batch, { escapes }: Framing): string[] => {
  if (batch.count === 0) return []
  const body = batch.body(escapes ? prefix : new Uint8Array())
  expect(batch.count).toBeLessThanOrEqual(bounds.batch_events_max)
  if (batch.count > 1) expect(body.length).toBeLessThanOrEqual(bounds.batch_bytes_max)
  const texts: string[] = escapes
    ? JSON.parse(decoder.decode(body)).jsons
    : decoder.decode(body).split("\n").slice(0, -1)
  return texts.map((text) => Buffer.from(text).toString("latin1"))
}

/** Lines that are longer than the bound are cut only when they come in pieces: a stream has none of them twice the same. */
const withoutLong = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes)
    .toString("latin1")
    .split("\n")
    .every((text) => text.length <= bounds.line_bytes_max)

const everyCut = (bytes: Uint8Array): Uint8Array[][] => [
  ...Array.from({ length: bytes.length + 1 }, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]),
  Array.from(bytes, (byte) => Uint8Array.of(byte)),
]

export const line_cases: readonly FuzzCase[] = [
  fuzzCase(
    "a line is accepted exactly when JSON.parse gives an object, with the same facts and the same bytes",
    3_000,
    fc.property(event, (text) => agrees(encoder.encode(text))),
  ),
  fuzzCase(
    "a line is judged like JSON.parse does when one byte of it is changed, lost or doubled",
    10_000,
    fc.property(event, mutation, (text, { at, byte, kind }) => {
      const bytes = [...encoder.encode(text)]
      const place = at % bytes.length
      if (kind === 0) bytes[place] = byte
      else if (kind === 1) bytes.splice(place, 1)
      else if (kind === 2) bytes.splice(place, 0, bytes[place]!)
      else bytes.splice(place)
      if (!bytes.includes(0x0a)) agrees(Uint8Array.from(bytes))
    }),
  ),
  fuzzCase(
    "a line is judged like JSON.parse does when it is made of JSON's own characters",
    20_000,
    fc.property(nearly_json, agrees),
  ),
  fuzzCase(
    "a line is judged by its own bytes, whatever stands behind it in the buffer",
    3_000,
    fc.property(event, fc.nat(), fc.constantFrom('"}', "}", '\\"}}', "1}", "rue}", '":1}'), (text, cut, behind) => {
      const bytes = encoder.encode(text.slice(0, cut % (text.length + 1)))
      const src = Uint8Array.from([...bytes, ...encoder.encode(behind)])
      const end = scanner.scan(src, 0, bytes.length, new Uint8Array(src.length * 2 + 16), 0)
      expect(end >= 0).toBe(parsed(bytes) !== undefined)
    }),
  ),
  fuzzCase(
    "a stream of any bytes gives the same events, posted byte for byte, wherever the socket cuts it",
    400,
    fc.property(stream.filter(withoutLong), fc.integer({ min: -1, max: 6 }), (bytes, resume_offset) => {
      const wanted = expected(bytes, resume_offset)
      for (const pieces of everyCut(bytes)) expect(actual(pieces, resume_offset)).toEqual(wanted)
    }),
  ),
  fuzzCase(
    "a stream with lines that are too long to keep gives everything else, and the beginning of those",
    400,
    fc.property(stream, (bytes) => {
      const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte))
      expect(actual(pieces, -1)).toEqual(expected(bytes, -1))
    }),
  ),
]
