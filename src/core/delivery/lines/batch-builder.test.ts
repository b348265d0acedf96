import { describe, expect, test } from "bun:test"
import { intake_framing } from "../../sekoia/intake.ts"
import type { Batch, BatchBounds } from "./batch.ts"
import { BatchBuilder } from "./batch-builder.ts"

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
    const batches = run(new BatchBuilder(intake_framing, { ...bounds, batch_bytes_max: 20_000 }, -1), lines(...events))
    const sizes = batches.map((batch) => batch.body(prefix).length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(20_000)
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(14_000)
    expect(batches.flatMap((batch) => posted(batch))).toEqual(events)
  })

  test("gives any part of a batch, and any single event back as it was", () => {
    const events = Array.from({ length: 7 }, (_, i) => `{"metadata":\t{"offset":${i}}, "event":"${i} \\" é"}`)
    const [batch] = run(new BatchBuilder(intake_framing, bounds, -1), lines(...events))
    expect(posted(batch!, 2, 5)).toEqual(events.slice(2, 5))
    expect(posted(batch!, 6, 7)).toEqual(events.slice(6))
    expect(posted(batch!)).toEqual(events)
    expect(events.map((_, i) => decoder.decode(batch!.raw(i)))).toEqual(events)
  })

  test("sets aside what is no event and goes on with the next line", () => {
    const long = event(3, "y".repeat(6_000))
    const bytes = lines(event(1), "not json", long, '{"metadata":{"offset":4', event(5))
    const [batch] = run(new BatchBuilder(intake_framing, bounds, -1), bytes)
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
    const [batch] = run(new BatchBuilder(intake_framing, bounds, -1), lines(fits))
    expect(encoder.encode(fits).length).toBeGreaterThan(bounds.event_chars_max)
    expect(posted(batch!)).toEqual([fits])
  })

  test("keeps the beginning of a line that is too long, tells its real size, and goes on behind it", () => {
    const long = "z".repeat(50_000)
    const [batch] = run(new BatchBuilder(intake_framing, bounds, -1), lines(long, event(2)), [10_000, 20_000, 30_000])
    expect(posted(batch!)).toEqual([event(2)])
    expect(batch!.rejects[0]).toMatchObject({ reason: "line_too_long", bytes: 50_000, offset: -1 })
    expect(batch!.rejects[0]!.raw.length).toBe(bounds.line_bytes_max)
  })

  test("drops the unfinished line of a broken connection, which comes again whole", () => {
    const builder = new BatchBuilder(intake_framing, bounds, -1)
    builder.feed(encoder.encode(`${event(1)}\n${event(2).slice(0, 20)}`), 0, 0)
    builder.dropPartialLine()
    const [batch] = run(builder, lines(event(1), event(2)))
    expect(posted(batch!)).toEqual([event(1), event(2)])
    expect(builder.counts.repeated).toBe(1)
  })

  test("drops what is not above the offset it resumes from, and what comes twice", () => {
    const builder = new BatchBuilder(intake_framing, bounds, 10)
    const [batch] = run(builder, lines(event(9), event(10), event(11), event(12), event(11), event(13)))
    expect(batch!.offsets).toEqual([11, 12, 13])
    expect(builder.counts).toMatchObject({ repeated: 3, late: 0 })
    expect(builder.read_offset).toBe(13)
  })

  test("delivers an event that comes late, since it was never here", () => {
    const builder = new BatchBuilder(intake_framing, bounds, 10)
    const [batch] = run(builder, lines(event(12), event(11), event(13)))
    expect(batch!.offsets).toEqual([12, 11, 13])
    expect(batch!.last_offset).toBe(13)
    expect(builder.counts.late).toBe(1)
  })

  test("forwards an event without an offset and moves no offset by it", () => {
    const [batch] = run(new BatchBuilder(intake_framing, bounds, 10), lines('{"event":{}}', event(11)))
    expect(batch!.offsets).toEqual([-1, 11])
    expect(batch!.last_offset).toBe(11)
  })

  test("is full when poison alone fills it, so that a flood of it cannot fill the memory", () => {
    const builder = new BatchBuilder(intake_framing, bounds, -1)
    const batches = run(builder, lines(...Array.from({ length: 5 }, () => "!".repeat(8_000))))
    expect(batches.map((batch) => batch.rejects.length)).toEqual([3, 2])
  })

  test("keeps a line that no longer fits for the next batch, also when it came in two pieces", () => {
    const big = event(2, "b".repeat(4_000))
    const bytes = lines(event(1, "a".repeat(4_000)), big, event(3))
    const batches = run(new BatchBuilder(intake_framing, { ...bounds, batch_bytes_max: 6_000 }, -1), bytes, [6_000])
    expect(batches.flatMap((batch) => batch.offsets)).toEqual([1, 2, 3])
    expect(batches.flatMap((batch) => posted(batch))[1]).toBe(big)
  })
})

describe("a connection", () => {
  const page = ["<!DOCTYPE html>", "<html>", "</html>"]
  const answer = JSON.stringify({ meta: {}, errors: [{ code: 403, message: "no such session" }] })
  const raws = (batch: Batch | undefined) => batch?.rejects.map(({ raw }) => decoder.decode(raw))

  test("that brings a page and no event gives nothing, and tells what it began with", () => {
    const builder = new BatchBuilder(intake_framing, bounds, 7)
    builder.begin()
    expect(run(builder, lines(...page))).toEqual([])
    expect(builder.endOfBody()).toBe(true)
    expect(decoder.decode(builder.undecided?.raw)).toBe("<!DOCTYPE html>")
  })

  test("that brings Falcon's error in place of events gives nothing, with a line end or without", () => {
    for (const text of [`${answer}\n`, answer, `\r\n${answer}`]) {
      const builder = new BatchBuilder(intake_framing, bounds, 7)
      builder.begin()
      expect(run(builder, encoder.encode(text))).toEqual([])
      expect(builder.endOfBody()).toBe(true)
      expect(builder.empty).toBe(true)
      expect(builder.undecided?.reason).toBe("not_an_event")
    }
  })

  test("that brings an error between events records it, be it in a list or by itself", () => {
    for (const said of [answer, '{"errors":{"code":401,"message":"x"}}', '{"errors":"unauthorized"}']) {
      const builder = new BatchBuilder(intake_framing, bounds, 7)
      builder.begin()
      const [batch] = run(builder, lines(event(8), said, event(9)))
      expect([posted(batch!), raws(batch)]).toEqual([[event(8), event(9)], [said]])
    }
    const none = new BatchBuilder(intake_framing, bounds, 7)
    none.begin()
    const [batch] = run(none, lines(event(8), '{"errors":{}}', '{"errors":null}'))
    expect(posted(batch!)).toHaveLength(3)
  })

  test("that begins with strange lines and goes on with events is a feed: the lines are recorded", () => {
    const builder = new BatchBuilder(intake_framing, bounds, 7)
    builder.begin()
    const [batch] = run(builder, lines(...page, answer, event(8)))
    expect(posted(batch!)).toEqual([event(8)])
    expect(raws(batch)).toEqual([...page, answer])
  })

  test("is a feed as soon as it repeats an event", () => {
    const builder = new BatchBuilder(intake_framing, bounds, 7)
    builder.begin()
    const [batch] = run(builder, lines(event(7), "strange"))
    expect(raws(batch)).toEqual(["strange"])
  })

  test("that brings a page without end is left alone when a hundred lines are held", () => {
    const builder = new BatchBuilder(intake_framing, bounds, 7)
    builder.begin()
    const bytes = lines(...Array.from({ length: 500 }, (_, i) => `<p>${i}</p>`))
    expect(builder.feed(bytes, 0, 0)).toBeLessThan(bytes.length)
    expect(builder.full).toBe(false)
    expect(builder.empty).toBe(true)
  })

  test("records a strange line once, however often connections bring it, and another one in its place as well", () => {
    const builder = new BatchBuilder(intake_framing, bounds, 7)
    const connections = [
      lines(event(8), "strange"),
      lines(event(8), "strange", "strange"),
      lines("strange", "strange", "other", event(9)),
      lines(event(9), "strange"),
    ]
    const recorded = connections.flatMap((bytes) => {
      builder.dropPartialLine()
      builder.begin()
      return run(builder, bytes).flatMap((batch) => raws(batch) ?? [])
    })
    expect(recorded).toEqual(["strange", "strange", "other", "strange"])
  })

  test("that ends behind a whole event without a line end has brought that event; half of one is none", () => {
    const whole = encoder.encode(`${event(8)}\n${event(9)}`)
    for (let cut = 1; cut <= whole.length; cut++) {
      const builder = new BatchBuilder(intake_framing, bounds, 7)
      builder.begin()
      builder.feed(whole.subarray(0, cut), 0, 0)
      expect(builder.endOfBody()).toBe(true)
      builder.dropPartialLine()
      const batches = builder.empty ? [] : [builder.take()]
      const first = event(8).length
      const wanted = cut < first ? [] : cut < whole.length ? [event(8)] : [event(8), event(9)]
      expect(batches.flatMap((batch) => posted(batch))).toEqual(wanted)
      expect(batches.flatMap((batch) => batch.rejects)).toEqual([])
    }
  })

  test("that ends behind an event which does not fit any more keeps it for the next batch", () => {
    const builder = new BatchBuilder(intake_framing, { ...bounds, batch_bytes_max: 6_000 }, 7)
    builder.begin()
    builder.feed(encoder.encode(`${event(8, "a".repeat(4_000))}\n${event(9, "b".repeat(4_000))}`), 0, 0)
    expect(builder.endOfBody()).toBe(false)
    expect(builder.take().offsets).toEqual([8])
    expect(builder.endOfBody()).toBe(true)
    expect(builder.take().offsets).toEqual([9])
  })

  test("that ends has brought its last event when its bytes came, whichever batch has room for it", () => {
    const builder = new BatchBuilder(intake_framing, { ...bounds, batch_bytes_max: 6_000 }, 7)
    builder.feed(encoder.encode(`${event(8, "a".repeat(4_000))}\n${event(9, "b".repeat(4_000))}`), 0, 5_000)
    builder.endOfBody()
    expect(builder.take().opened_ms).toBe(5_000)
    builder.endOfBody()
    expect(builder.hasWaited(1, 5_000)).toBe(false)
    expect(builder.take().opened_ms).toBe(5_000)
  })
})

describe("offsets", () => {
  test("as text are read as the numbers they are", () => {
    const [batch] = run(
      new BatchBuilder(intake_framing, bounds, 10),
      lines('{"metadata":{"offset":"11"}}', '{"metadata":{"offset":"9"}}'),
    )
    expect(batch!.offsets).toEqual([11])
  })

  test("that begin below what was asked for are noticed with the first event, until something new comes", () => {
    const builder = new BatchBuilder(intake_framing, bounds, 1_000)
    builder.begin()
    run(builder, lines(event(3)))
    expect(builder.offset_watch).toMatchObject({ began_below: 3, asked: 1_000, repeated_in_row: 1 })
    run(builder, lines(event(4), event(5)))
    expect(builder.offset_watch).toMatchObject({ began_below: 3, repeated_in_row: 3 })
    run(builder, lines(event(1_001)))
    expect(builder.offset_watch).toMatchObject({ began_below: -1, repeated_in_row: 0 })
  })

  test("that Falcon counts in or repeats later are nothing to notice", () => {
    const builder = new BatchBuilder(intake_framing, bounds, 1_000)
    builder.begin()
    run(builder, lines(event(1_000), event(999), event(1_001), event(998)))
    expect(builder.offset_watch.began_below).toBe(-1)
  })

  test("that cannot be used are counted until one can", () => {
    const builder = new BatchBuilder(intake_framing, bounds, -1)
    const strange = ["null", "-7", "9223372036854775807", '"x"', '""', "1.5"]
    run(builder, lines(...strange.map((offset) => `{"metadata":{"offset":${offset}}}`)))
    expect(builder.offset_watch.without_offset).toBe(6)
    run(builder, lines(event(1)))
    expect(builder.offset_watch.without_offset).toBe(0)
  })
})
