/**
 * Bytes in, batches out: splits what the socket gives into lines, checks and escapes each line into the batch in hand,
 * drops what Falcon repeats and sets aside what cannot be delivered. Plain synchronous code on purpose: it runs per event.
 */
import { Batch, head_bytes, type Reject, type RejectReason, separator_bytes, writeSeparator } from "./batch.ts"
import type { Followed, Watch } from "./follow.ts"
import { RecentOffsets } from "./recent-offsets.ts"
import { LineScanner } from "./scan.ts"

export interface BatchBounds {
  readonly batch_events_max: number
  readonly batch_bytes_max: number
  readonly event_chars_max: number
  readonly line_bytes_max: number
  readonly recent_offsets_max: number
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const buffer_bytes_first = 256 * 1_024
/** One for the batch being filled next, one that comes back meanwhile: with fewer, each batch of a busy stream makes its own. */
const buffers_kept_max = 2
/** A buffer of more than so many times what the last batch took is let go: one full backlog must not hold its memory for ever. */
const buffer_slack_max = 4

export class BatchBuilder {
  /** Events and rejects taken since the start of the process, and what was left out. */
  readonly counts = { repeated: 0, late: 0, keepalives: 0 }
  /** Events dropped as repeats since the last one that was taken. */
  repeated_in_row = 0
  /** When the oldest event of the batch in hand arrived, by the clock of whoever feeds. */
  private opened_ms = 0

  private readonly scanner: LineScanner
  private readonly recent: RecentOffsets
  private readonly spare: Uint8Array[] = []
  private buffer: Uint8Array
  /** Bytes that the last batch took, or the first size. */
  private wanted_bytes = buffer_bytes_first
  private at = head_bytes
  private ends: number[] = []
  private offsets: number[] = []
  private rejects: Reject[] = []
  private reject_bytes = 0
  private last_offset = -1
  private created_ms = -1
  private bytes_in = 0
  private is_full = false
  private followed: Followed[] = []

  /** The beginning of a line whose end has not come yet. */
  private carry = new Uint8Array(16 * 1_024)
  private carried = 0
  /** Bytes of that line on the stream; more than `carried` once it is too long to keep. */
  private carried_bytes = 0
  /** The carried line is whole but did not fit into the last batch. */
  private carry_complete = false

  /** `resume_offset`: the last committed offset, -1 for none. `watch`: who follows events, if anybody does. */
  constructor(
    private readonly bounds: BatchBounds,
    resume_offset: number,
    private readonly watch?: Watch,
  ) {
    this.scanner = new LineScanner(watch?.notes)
    this.recent = new RecentOffsets(resume_offset, bounds.recent_offsets_max)
    this.buffer = new Uint8Array(buffer_bytes_first)
  }

  /** The highest offset read so far, -1 for none: where a new connection has to go on. */
  get read_offset(): number {
    return this.recent.highest
  }

  /** No more fits: {@link take} before feeding on. */
  get full(): boolean {
    return this.is_full
  }

  get empty(): boolean {
    return this.ends.length === 0 && this.rejects.length === 0
  }

  /** The batch in hand has waited this long; `now_ms` by the clock of {@link feed}. */
  hasWaited(wait_ms: number, now_ms: number): boolean {
    return !this.empty && now_ms - this.opened_ms >= wait_ms
  }

  /** Takes lines from `chunk`, beginning at `from`, until it is used up or the batch is full. Returns how far it came. */
  feed(chunk: Uint8Array, from: number, now_ms: number): number {
    if (this.is_full) return from
    if (this.empty) this.opened_ms = now_ms
    if (this.carry_complete && !this.finishCarry()) return from
    let i = from
    while (i < chunk.length && !this.is_full) {
      const end = chunk.indexOf(LINE_FEED, i)
      if (end < 0) {
        this.keep(chunk, i, chunk.length)
        return chunk.length
      }
      if (this.carried_bytes > 0) {
        this.keep(chunk, i, end)
        i = end + 1
        if (!this.finishCarry()) return i
      } else {
        if (!this.line(chunk, i, end)) return i
        i = end + 1
      }
    }
    return i
  }

  /** Gives the batch in hand and begins a new one. */
  take(): Batch {
    const batch = new Batch(
      this.buffer,
      this.ends,
      this.offsets,
      this.rejects,
      this.last_offset,
      this.created_ms,
      this.bytes_in,
      this.followed,
    )
    // As large as the last one was, so that it need not grow step by step, and leave each step to the collector.
    this.wanted_bytes = Math.max(this.at, buffer_bytes_first)
    const grown = Math.min(this.buffer.length, buffer_slack_max * this.wanted_bytes)
    this.buffer = this.spare.pop() ?? new Uint8Array(grown)
    this.at = head_bytes
    this.ends = []
    this.offsets = []
    this.rejects = []
    this.followed = []
    this.reject_bytes = 0
    this.last_offset = -1
    this.created_ms = -1
    this.bytes_in = 0
    this.is_full = false
    return batch
  }

  /** Takes back the buffer of a batch that is done with. */
  recycle(batch: Batch): void {
    const fits = batch.buffer.length <= buffer_slack_max * this.wanted_bytes
    if (fits && this.spare.length < buffers_kept_max) this.spare.push(batch.buffer)
  }

  /** Forgets the line that a broken connection left unfinished: Falcon sends it again. */
  dropPartialLine(): void {
    if (!this.carry_complete) this.clearCarry()
  }

  /** Adds to the carried line what belongs to it, as far as it is kept at all. */
  private keep(chunk: Uint8Array, start: number, end: number): void {
    const room = this.bounds.line_bytes_max - this.carried
    const length = Math.min(end - start, room)
    if (this.carried + length > this.carry.length) {
      const grown = new Uint8Array(
        Math.min(Math.max(this.carry.length * 2, this.carried + length), this.bounds.line_bytes_max),
      )
      grown.set(this.carry.subarray(0, this.carried))
      this.carry = grown
    }
    this.carry.set(chunk.subarray(start, start + length), this.carried)
    this.carried += length
    this.carried_bytes += end - start
  }

  private clearCarry(): void {
    this.carried = 0
    this.carried_bytes = 0
    this.carry_complete = false
  }

  /** Takes the carried line, now whole; false when it has to wait for the next batch. */
  private finishCarry(): boolean {
    if (this.carried_bytes > this.carried) {
      const detail = `line of ${this.carried_bytes} bytes, cut at ${this.carried}`
      this.reject("line_too_long", detail, this.carry.slice(0, this.carried), this.carried_bytes, -1)
    } else if (!this.line(this.carry, 0, this.carried)) {
      this.carry_complete = true
      return false
    }
    this.clearCarry()
    return true
  }

  /** Takes one line; false when it does not fit into this batch any more. */
  private line(src: Uint8Array, start: number, line_end: number): boolean {
    const end = line_end > start && src[line_end - 1] === CARRIAGE_RETURN ? line_end - 1 : line_end
    if (end === start) {
      this.counts.keepalives++
      return true
    }
    const { bounds, scanner } = this
    const at = this.ends.length === 0 ? this.at : this.at + separator_bytes
    this.reserve(at + 2 * (end - start) + separator_bytes)
    const after = scanner.scan(src, start, end, this.buffer, at)
    const too_long = end - start > bounds.event_chars_max && characters(src, start, end) > bounds.event_chars_max
    if (after < 0 || too_long) {
      if (isBlank(src, start, end)) {
        this.counts.keepalives++
        return true
      }
      const offset = after < 0 ? -1 : scanner.offset
      if (offset >= 0 && this.isRepeat(offset)) return true
      if (offset >= 0) this.note(offset)
      const reason = after < 0 ? "not_a_json_object" : "event_too_long"
      const detail =
        after < 0 ? "the line is no JSON object" : `the event has more than ${bounds.event_chars_max} characters`
      this.reject(reason, detail, src.slice(start, end), end - start, offset)
      return true
    }
    const { offset, created_ms } = scanner
    if (offset >= 0 && this.isRepeat(offset)) return true
    if (after > bounds.batch_bytes_max && this.ends.length > 0) {
      this.is_full = true
      return false
    }
    if (this.ends.length > 0) writeSeparator(this.buffer, this.at)
    this.at = after
    this.ends.push(after)
    this.offsets.push(offset)
    this.bytes_in += end - start
    if (created_ms > this.created_ms) this.created_ms = created_ms
    if (offset >= 0) this.note(offset)
    this.watch?.look(src, start, end, scanner, this.followed)
    if (this.ends.length >= bounds.batch_events_max) this.is_full = true
    return true
  }

  private isRepeat(offset: number): boolean {
    const repeat = this.recent.isRepeat(offset)
    if (repeat) {
      this.counts.repeated++
      this.repeated_in_row++
    } else if (offset < this.recent.highest) this.counts.late++
    return repeat
  }

  private note(offset: number): void {
    this.repeated_in_row = 0
    this.recent.add(offset)
    if (offset > this.last_offset) this.last_offset = offset
  }

  private reject(reason: RejectReason, detail: string, raw: Uint8Array, bytes: number, offset: number): void {
    this.rejects.push({ reason, detail, offset, raw, bytes })
    this.reject_bytes += raw.length
    this.bytes_in += bytes
    if (this.rejects.length >= this.bounds.batch_events_max || this.reject_bytes > this.bounds.line_bytes_max) {
      this.is_full = true
    }
  }

  private reserve(bytes: number): void {
    if (bytes <= this.buffer.length) return
    const grown = new Uint8Array(Math.max(this.buffer.length * 1.5, bytes))
    grown.set(this.buffer.subarray(0, this.at))
    this.buffer = grown
  }
}

/** Unicode code points in UTF-8 bytes: all bytes but continuation bytes. */
const characters = (src: Uint8Array, start: number, end: number): number => {
  let count = 0
  for (let i = start; i < end; i++) if ((src[i]! & 0xc0) !== 0x80) count++
  return count
}

const isBlank = (src: Uint8Array, start: number, end: number): boolean => {
  for (let i = start; i < end; i++) if (src[i]! > 0x20) return false
  return true
}
