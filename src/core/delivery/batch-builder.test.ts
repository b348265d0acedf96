import { describe, expect, test } from "bun:test"
import type { Batch } from "./batch.ts"
import { type BatchBounds, BatchBuilder } from "./batch-builder.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const prefix = encoder.encode('{"intake_key":"k","jsons":["')

const bounds: BatchBounds = {
  batch_events_max: 1_000,
  batch_bytes_max: 100_000,
  event_chars_max: 5_000,
  line_bytes_max: 20_000,
  recent_offsets_max: 64,
}

const event = (offset: number, text = "x") =>
  JSON.stringify({ metadata: { offset, eventType: "T", eventCreationTime: 1_000 + offset }, event: { text } })

/** Feeds the bytes in the pieces given and takes every batch, as the pipeline does. */
const run = (builder: BatchBuilder, bytes: Uint8Array, cuts: readonly number[] = []): Batch[] => {
  const batches: Batch[] = []
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length]
  for (let i = 1; i < edges.length; i++) {
    const chunk = bytes.subarray(edges[i - 1], edges[i])
    for (let from = 0; ; ) {
      from = builder.feed(chunk, from, 0)
      if (!builder.full) break
      batches.push(builder.take())
    }
  }
  if (!builder.empty) batches.push(builder.take())
  return batches
}

/** The events of a request body, as the intake reads them. */
const posted = (batch: Batch, from = 0, to = batch.count): string[] =>
  to > from ? JSON.parse(decoder.decode(batch.body(prefix, from, to))).jsons : []

const lines = (...texts: string[]) => encoder.encode(texts.map((text) => `${text}\n`).join(""))

describe("the batch builder", () => {
  test("never makes a request body above the limit, and fills it nearly", () => {
    const events = Array.from({ length: 200 }, (_, i) => event(i, '"\\'.repeat(300)))
    const batches = run(new BatchBuilder({ ...bounds, batch_bytes_max: 20_000 }, -1), lines(...events))
    const sizes = batches.map((batch) => batch.body(prefix).length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(20_000)
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(14_000)
    expect(batches.flatMap((batch) => posted(batch))).toEqual(events)
  })

  test("gives any part of a batch, and any single event back as it was", () => {
    const events = Array.from({ length: 7 }, (_, i) => `{"metadata":\t{"offset":${i}}, "event":"${i} \\" é"}`)
    const [batch] = run(new BatchBuilder(bounds, -1), lines(...events))
    expect(posted(batch!, 2, 5)).toEqual(events.slice(2, 5))
    expect(posted(batch!, 6, 7)).toEqual(events.slice(6))
    expect(posted(batch!)).toEqual(events)
    expect(events.map((_, i) => decoder.decode(batch!.raw(i)))).toEqual(events)
  })

  test("sets aside what is no event and goes on with the next line", () => {
    const long = event(3, "y".repeat(6_000))
    const bytes = lines(event(1), "not json", long, '{"metadata":{"offset":4', event(5))
    const [batch] = run(new BatchBuilder(bounds, -1), bytes)
    expect(posted(batch!)).toEqual([event(1), event(5)])
    expect(batch!.rejects.map(({ reason, offset, raw }) => [reason, offset, decoder.decode(raw)])).toEqual([
      ["not_a_json_object", -1, "not json"],
      ["event_too_long", 3, long],
      ["not_a_json_object", -1, '{"metadata":{"offset":4'],
    ])
    expect(batch!.last_offset).toBe(5)
  })

  test("counts characters, not bytes, when it judges the length of an event", () => {
    const fits = event(1, "é".repeat(4_900))
    const [batch] = run(new BatchBuilder(bounds, -1), lines(fits))
    expect(encoder.encode(fits).length).toBeGreaterThan(bounds.event_chars_max)
    expect(posted(batch!)).toEqual([fits])
  })

  test("keeps the beginning of a line that is too long, tells its real size, and goes on behind it", () => {
    const long = "z".repeat(50_000)
    const [batch] = run(new BatchBuilder(bounds, -1), lines(long, event(2)), [10_000, 20_000, 30_000])
    expect(posted(batch!)).toEqual([event(2)])
    expect(batch!.rejects[0]).toMatchObject({ reason: "line_too_long", bytes: 50_000, offset: -1 })
    expect(batch!.rejects[0]!.raw.length).toBe(bounds.line_bytes_max)
  })

  test("drops the unfinished line of a broken connection, which comes again whole", () => {
    const builder = new BatchBuilder(bounds, -1)
    builder.feed(encoder.encode(`${event(1)}\n${event(2).slice(0, 20)}`), 0, 0)
    builder.dropPartialLine()
    const [batch] = run(builder, lines(event(1), event(2)))
    expect(posted(batch!)).toEqual([event(1), event(2)])
    expect(builder.counts.repeated).toBe(1)
  })

  test("drops what is not above the offset it resumes from, and what comes twice", () => {
    const builder = new BatchBuilder(bounds, 10)
    const [batch] = run(builder, lines(event(9), event(10), event(11), event(12), event(11), event(13)))
    expect(batch!.offsets).toEqual([11, 12, 13])
    expect(builder.counts).toMatchObject({ repeated: 3, late: 0 })
    expect(builder.read_offset).toBe(13)
  })

  test("delivers an event that comes late, since it was never here", () => {
    const builder = new BatchBuilder(bounds, 10)
    const [batch] = run(builder, lines(event(12), event(11), event(13)))
    expect(batch!.offsets).toEqual([12, 11, 13])
    expect(batch!.last_offset).toBe(13)
    expect(builder.counts.late).toBe(1)
  })

  test("forwards an event without an offset and moves no offset by it", () => {
    const [batch] = run(new BatchBuilder(bounds, 10), lines('{"event":{}}', event(11)))
    expect(batch!.offsets).toEqual([-1, 11])
    expect(batch!.last_offset).toBe(11)
  })

  test("is full when poison alone fills it, so that a flood of it cannot fill the memory", () => {
    const builder = new BatchBuilder(bounds, -1)
    const batches = run(builder, lines(...Array.from({ length: 5 }, () => "!".repeat(8_000))))
    expect(batches.map((batch) => batch.rejects.length)).toEqual([3, 2])
  })

  test("keeps a line that no longer fits for the next batch, also when it came in two pieces", () => {
    const big = event(2, "b".repeat(4_000))
    const bytes = lines(event(1, "a".repeat(4_000)), big, event(3))
    const batches = run(new BatchBuilder({ ...bounds, batch_bytes_max: 6_000 }, -1), bytes, [6_000])
    expect(batches.flatMap((batch) => batch.offsets)).toEqual([1, 2, 3])
    expect(batches.flatMap((batch) => posted(batch))[1]).toBe(big)
  })
})
