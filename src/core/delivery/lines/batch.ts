/**
 * A batch: events of one partition, already framed as the destination wants them, with the offsets they cover.
 *
 * The buffer holds the events with their separators, so that posting a batch copies nothing. In front stays room for the head of
 * the body, which is written when the batch is posted: a key that stands in it may change while a batch waits.
 */

import type { SourceEvent } from "../enricher.ts"
import { delivery } from "../limits.ts"
import type { Framing } from "./framing.ts"

/** How large a batch and what is in it may be. */
export interface BatchBounds {
  readonly batch_events_max: number
  readonly batch_bytes_max: number
  readonly event_chars_max: number
  readonly line_bytes_max: number
  readonly recent_offsets_max: number
}

/** The bounds that follow from a framing, with those of `more` in their place. */
export const boundsOf = (framing: Framing, more: Partial<BatchBounds> = {}): BatchBounds => ({
  batch_events_max: framing.events_max,
  batch_bytes_max: framing.bytes_max,
  event_chars_max: framing.event_chars_max,
  line_bytes_max: delivery.line_bytes_max,
  recent_offsets_max: delivery.recent_offsets_max,
  ...more,
})

/** Why an event goes to the dead letters instead of the destination. */
export type RejectReason =
  | "not_a_json_object"
  | "not_an_event"
  | "event_too_long"
  | "line_too_long"
  | "refused_by_intake"
  | "too_large_for_intake"
  | "not_enriched"

export interface Reject {
  readonly reason: RejectReason
  /** What the destination answered, or what is wrong with the line, in a few words. */
  readonly detail: string
  /** -1 when the line does not tell. */
  readonly offset: number
  /** Bytes as Falcon sent them, without the line end. */
  readonly raw: Uint8Array
  /** Size of the line on the stream; more than `raw.length` when the line was too long to keep. */
  readonly bytes: number
  /** With `not_enriched`: the plugin that can try again, for which `raw` is all it needs. Absent when it could not read the event. */
  readonly enricher?: string | undefined
}

const BACKSLASH = 0x5c

export class Batch {
  private readonly framing: Framing
  /** `head_bytes_max` of room, then the events; written on by nobody else until the batch is recycled. */
  readonly buffer: Uint8Array
  /** Where each event ends in the buffer. */
  readonly ends: readonly number[]
  /** The offset of each event, -1 for one without. */
  readonly offsets: readonly number[]
  /** What cannot be delivered and has to be recorded before the batch is committed. */
  readonly rejects: readonly Reject[]
  /** Highest offset in the batch, rejects included; -1 when nothing in it has one. */
  readonly last_offset: number
  /** `eventCreationTime` of the newest event, ms since the epoch; -1 when unknown. */
  readonly created_ms: number
  /** Bytes of the lines as Falcon sent them. */
  readonly bytes_in: number
  /** Its events that are to be enriched, in order. */
  readonly source_events: readonly SourceEvent[]
  /** When its first event was read, by the clock of whoever fed it; -1 when nobody said. */
  readonly opened_ms: number

  constructor(
    framing: Framing,
    buffer: Uint8Array,
    ends: readonly number[],
    offsets: readonly number[],
    rejects: readonly Reject[],
    last_offset: number,
    created_ms: number,
    bytes_in: number,
    source_events: readonly SourceEvent[] = [],
    opened_ms = -1,
  ) {
    this.framing = framing
    this.buffer = buffer
    this.ends = ends
    this.offsets = offsets
    this.rejects = rejects
    this.last_offset = last_offset
    this.created_ms = created_ms
    this.bytes_in = bytes_in
    this.source_events = source_events
    this.opened_ms = opened_ms
  }

  get count(): number {
    return this.ends.length
  }

  /** Size of the events `[from, to)` as they are posted. */
  size(from = 0, to = this.count): number {
    return to > from ? this.ends[to - 1]! - this.start(from) : 0
  }

  /**
   * The request body for the events `[from, to)`, where `head` is everything before the first event. The whole batch is
   * given without copying: the result is good until the next call or until the batch is recycled.
   */
  body(head: Uint8Array, from = 0, to = this.count): Uint8Array {
    const { head_bytes_max, tail } = this.framing
    const start = this.start(from)
    const end = this.ends[to - 1]!
    if (from === 0 && to === this.count && head.length <= head_bytes_max) {
      this.buffer.set(head, start - head.length)
      this.buffer.set(tail, end)
      return this.buffer.subarray(start - head.length, end + tail.length)
    }
    const body = new Uint8Array(head.length + end - start + tail.length)
    body.set(head)
    body.set(this.buffer.subarray(start, end), head.length)
    body.set(tail, head.length + end - start)
    return body
  }

  /** A batch of its own with a copy of one event. */
  only(index: number): Batch {
    const { head_bytes_max, tail } = this.framing
    const start = this.start(index)
    const end = this.ends[index]!
    const buffer = new Uint8Array(head_bytes_max + end - start + tail.length)
    buffer.set(this.buffer.subarray(start, end), head_bytes_max)
    return new Batch(
      this.framing,
      buffer,
      [head_bytes_max + end - start],
      [this.offsets[index]!],
      [],
      -1,
      -1,
      end - start,
    )
  }

  /** The bytes of one event as Falcon sent them. */
  raw(index: number): Uint8Array {
    const start = this.start(index)
    const end = this.ends[index]!
    return this.framing.escapes ? unescaped(this.buffer, start, end) : this.buffer.slice(start, end)
  }

  private start(index: number): number {
    const { head_bytes_max, separator } = this.framing
    return index === 0 ? head_bytes_max : this.ends[index - 1]! + separator.length
  }
}

/** Undoes what the scanner did: a backslash before `"`, `\`, and `\t`, `\r` for white space between tokens. */
const unescaped = (src: Uint8Array, start: number, end: number): Uint8Array => {
  const out = new Uint8Array(end - start)
  let o = 0
  for (let i = start; i < end; i++) {
    let byte = src[i]!
    if (byte === BACKSLASH) {
      byte = src[++i]!
      if (byte === 0x74) byte = 0x09
      else if (byte === 0x72) byte = 0x0d
    }
    out[o++] = byte
  }
  return out.slice(0, o)
}
