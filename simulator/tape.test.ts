import { describe, expect, test } from "bun:test"
import { makeTemplates } from "./events/catalogue.ts"
import { render } from "./events/template.ts"
import type { PoisonKind } from "./options.ts"
import { partitionOf, Tape, type TapeOptions } from "./tape.ts"

const templates = makeTemplates(1, 50)
const start_ms = Date.UTC(2026, 0, 1)

function makeTape(options: Partial<TapeOptions> = {}): Tape {
  return new Tape({
    seed: 1,
    partition: 0,
    templates,
    backlog: 1000,
    per_second: 0,
    events_max: 1_000_000,
    start_ms,
    line_end: "mixed",
    poison: new Map(),
    ...options,
  })
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe("a tape", () => {
  test("gives the same bytes for the same seed, and others for another", () => {
    const events = (seed: number) => Array.from({ length: 100 }, (_, index) => text(makeTape({ seed }).line(index)))
    expect(events(7)).toEqual(events(7))
    expect(events(7)).not.toEqual(events(8))
  })

  test("gives every event as its template renders it", () => {
    const tape = makeTape()
    const shapes = new Set<string>()
    for (let index = 0; index < 200; index++) {
      const event = text(tape.bytes(index))
      const known = templates.map((shape) => text(render(shape, tape.offset(index), tape.createdMs(index))))
      expect(known).toContain(event)
      expect(JSON.parse(event).metadata.eventType).toBe(tape.type(index))
      shapes.add(event.replaceAll(/\d+/g, ""))
    }
    expect(shapes.size).toBeGreaterThan(20)
  })

  test("writes many events into one buffer, with either line end", () => {
    const tape = makeTape()
    const buffer = new Uint8Array(20 * tape.event_bytes_max)
    let end = 0
    for (let index = 0; index < 20; index++) end = tape.write(index, buffer, end)
    const lines = Array.from({ length: 20 }, (_, index) => text(tape.line(index)))
    expect(text(buffer.subarray(0, end))).toBe(lines.join(""))
    expect(lines.some((line) => line.endsWith("\r\n"))).toBe(true)
    expect(lines.some((line) => !line.endsWith("\r\n"))).toBe(true)
  })

  test("has offsets that grow, with gaps, and name their partition and index", () => {
    const tape = makeTape({ partition: 3 })
    const offsets = Array.from({ length: 5000 }, (_, index) => tape.offset(index))
    expect(offsets.every((offset, index) => index === 0 || offset > offsets[index - 1]!)).toBe(true)
    expect(offsets.some((offset, index) => index > 0 && offset > offsets[index - 1]! + 1)).toBe(true)
    for (const [index, offset] of offsets.entries()) {
      expect(partitionOf(offset)).toBe(3)
      expect(tape.indexOf(offset)).toBe(index)
      expect(tape.indexAtOrAbove(offset)).toBe(index)
      expect(tape.indexAtOrAbove(offset + 1)).toBe(index + 1)
    }
    expect(tape.indexOf(makeTape({ partition: 2 }).offset(9))).toBeUndefined()
    expect(tape.indexAtOrAbove(0)).toBe(0)
  })

  test("writes digits right at every length", () => {
    const shape = { type: "T", parts: [new Uint8Array(), new Uint8Array()], slots: ["created_ms"] as const, bytes: 0 }
    for (let digits = 1; digits <= 15; digits++) {
      for (const ms of [10 ** (digits - 1), 10 ** digits - 1]) {
        const tape = makeTape({ templates: [shape], start_ms: ms, backlog: 0, per_second: 1e9 })
        expect(text(tape.bytes(0))).toBe(String(tape.createdMs(0)))
      }
    }
  })

  test("grows at its rate until it is full, each event created when it becomes available", () => {
    const tape = makeTape({ backlog: 10, per_second: 30, events_max: 50 })
    expect(tape.head(start_ms)).toBe(10)
    expect(tape.head(start_ms + 1000)).toBe(40)
    expect(tape.head(start_ms + 60_000)).toBe(50)
    for (let index = 10; index < 50; index++) {
      expect(tape.head(tape.createdMs(index))).toBeGreaterThan(index)
      expect(tape.head(tape.createdMs(index) - 1)).toBeLessThanOrEqual(index)
    }
    expect(tape.createdMs(9)).toBeLessThan(start_ms)
    expect(tape.nextMs(start_ms)).toBe(tape.createdMs(10))
    expect(tape.nextMs(start_ms + 60_000)).toBe(Number.POSITIVE_INFINITY)
  })

  test("poisons the events that it is told to", () => {
    const at = (kind: PoisonKind) => makeTape({ poison: new Map([[5, kind]]) }).bytes(5)
    expect(() => JSON.parse(text(at("malformed")))).toThrow()
    expect(() => JSON.parse(text(at("truncated")))).toThrow()
    expect(JSON.parse(text(at("not_object")))).toBeArray()
    expect(JSON.parse(text(at("oversize_chars")))).toBeObject()
    expect(at("oversize_chars").length).toBeGreaterThanOrEqual(300_000)
    expect(at("oversize_line").length).toBeGreaterThan(8 * 1024 * 1024)
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(at("invalid_utf8"))).toThrow()
    expect(text(at("intake_refuses"))).toBe(text(makeTape().bytes(5)))
  })
})
