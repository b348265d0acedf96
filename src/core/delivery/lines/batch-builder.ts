/**
 * Bytes in, batches out: splits what the socket gives into lines, checks each line and writes it into the open batch,
 * drops what Falcon repeats and sets aside what cannot be delivered. Plain synchronous code on purpose: it runs per event.
 */
import type { SourceEventFinder } from "../enricher.ts"
import type { Batch, BatchBounds, RejectReason } from "./batch.ts"
import { BufferPool } from "./buffer-pool.ts"
import { Buffers, no_buffer } from "./buffers.ts"
import type { EventTypes } from "./event-types.ts"
import { type Framing, write } from "./framing.ts"
import { LineScanner } from "./line-scanner.ts"
import { OffsetWatch } from "./offset-watch.ts"
import { OpenBatch } from "./open-batch.ts"
import { PartialLine } from "./partial-line.ts"
import { RecentOffsets } from "./recent-offsets.ts"
import { errorsOf, isMarkup, type Strange, StrangeLines } from "./strange-lines.ts"
import { characters, isBlank } from "./tokens.ts"

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const OPEN_OBJECT = 0x7b

export class BatchBuilder {
  /** Events and rejects taken since the start of the process, and what was left out. */
  readonly counts = { repeated: 0, late: 0, keepalives: 0 }
  readonly offset_watch = new OffsetWatch()
  private readonly scanner: LineScanner
  private readonly recent: RecentOffsets
  private readonly strange: StrangeLines
  private readonly buffers: Buffers
  /** Empty until the first line of a batch comes: a quiet partition holds none. */
  private buffer = no_buffer
  /** Bytes of the open batch: where it ends in its buffer. */
  private at: number
  /** When bytes came last: events may be added later, from a line that was held or had no end. */
  private fed_ms = -1
  private open = new OpenBatch(this.fed_ms)
  private is_full = false
  private readonly partial: PartialLine
  /** Room for a separator before an event, and for the tail. */
  private readonly frame_bytes: number
  private readonly framing: Framing
  private readonly bounds: BatchBounds
  private readonly finder: SourceEventFinder | undefined
  private readonly types: EventTypes | undefined

  /** `resume_offset`: the last committed offset, -1 for none. `finder`: finds the source events of enrichers. `types`: counts events by type. */
  constructor(
    framing: Framing,
    bounds: BatchBounds,
    resume_offset: number,
    finder?: SourceEventFinder,
    buffers = new Buffers(new BufferPool()),
    types?: EventTypes,
  ) {
    this.framing = framing
    this.buffers = buffers
    this.bounds = bounds
    this.finder = finder
    this.types = types
    this.frame_bytes = framing.separator.length + framing.tail.length
    this.at = framing.head_bytes_max
    this.scanner = new LineScanner(finder?.recorded)
    this.recent = new RecentOffsets(resume_offset, bounds.recent_offsets_max)
    this.strange = new StrangeLines(bounds)
    this.partial = new PartialLine(bounds.line_bytes_max)
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
    return this.open.empty
  }

  /** The open batch has waited this long; `now_ms` by the clock of {@link feed}. */
  hasWaited(wait_ms: number, now_ms: number): boolean {
    return !this.empty && now_ms - this.open.opened_ms >= wait_ms
  }

  /** Takes lines from `chunk`, from `from` on, until it is used up, the batch full, or what comes certainly no feed. Returns how far it came. */
  feed(chunk: Uint8Array, from: number, now_ms: number): number {
    if (this.is_full) return from
    this.fed_ms = now_ms
    if (this.empty) this.open.opened_ms = now_ms
    const end = this.lines(chunk, from)
    if (this.empty) this.buffer = this.buffers.giveBack(this.buffer)
    return end
  }

  private lines(chunk: Uint8Array, from: number): number {
    if (this.partial.is_whole && !this.finishPartialLine()) return from
    let i = from
    while (i < chunk.length && !this.is_full && !this.strange.overflown) {
      const end = chunk.indexOf(LINE_FEED, i)
      if (end < 0) {
        this.partial.add(chunk, i, chunk.length)
        return chunk.length
      }
      if (this.partial.bytes > 0) {
        this.partial.add(chunk, i, end)
        i = end + 1
        if (!this.finishPartialLine()) return i
      } else if (this.line(chunk, i, end)) i = end + 1
      else return i
    }
    return i
  }

  /** Gives the open batch and begins a new one. */
  take(): Batch {
    const batch = this.open.close(this.framing, this.buffer)
    this.buffers.took(this.at)
    this.buffer = no_buffer
    this.at = this.framing.head_bytes_max
    this.open = new OpenBatch(this.fed_ms)
    this.is_full = false
    return batch
  }

  /** Takes back the buffer of a batch that is done with. */
  recycle(batch: Batch): void {
    this.buffers.giveBack(batch.buffer)
  }

  /** A connection begins, opened at {@link read_offset}. What it begins with is held until an event proves that it is a feed. */
  begin(): void {
    this.strange.begin(this.recent.highest)
    this.offset_watch.begin(this.recent.highest)
  }

  /**
   * The body ended as bodies end, and not in the middle: a last line without a line end is taken when it is a whole JSON
   * object, which no beginning of one is. False when it has to wait for the next batch: {@link take}, and call again.
   */
  endOfBody(): boolean {
    if (this.is_full) return false
    const { partial } = this
    if (partial.bytes === 0 || partial.bytes > partial.kept) return true
    if (!partial.is_whole && this.isPart()) {
      // Half an event comes again; half of a page tells what came, where nothing else does.
      const tells = !this.strange.is_proven && this.undecided === undefined && partial.buffer[0] !== OPEN_OBJECT
      if (tells) this.finishPartialLine()
      return true
    }
    return this.finishPartialLine()
  }

  /** The first line of a connection on which no event has come; `undefined` when there is nothing strange about it. */
  get undecided(): Strange | undefined {
    return this.strange.first
  }

  /** The connection counts as a feed: what is undecided is recorded. */
  trust(): void {
    for (const { reason, detail, raw, bytes } of this.strange.prove()) this.reject(reason, detail, raw, bytes, -1)
  }

  /** Forgets the line that a broken connection left unfinished, and what was not decided: Falcon sends it again. */
  dropPartialLine(): void {
    if (!this.partial.is_whole) this.partial.clear()
    this.strange.drop()
  }

  /** The carried line is no whole JSON object, or nothing at all. */
  private isPart(): boolean {
    const { buffer, kept } = this.partial
    this.reserve(this.at + 2 * kept + this.frame_bytes)
    const after = this.scanner.scan(buffer, 0, kept, this.buffer, this.at + this.framing.separator.length)
    if (this.empty) this.buffer = this.buffers.giveBack(this.buffer)
    return after < 0
  }

  /** Takes the carried line, now whole; false when it has to wait for the next batch. */
  private finishPartialLine(): boolean {
    const { buffer, kept, bytes } = this.partial
    if (bytes > kept) {
      this.setAside("line_too_long", `line of ${bytes} bytes, cut at ${kept}`, buffer.slice(0, kept), bytes)
    } else if (!this.line(buffer, 0, kept)) {
      this.partial.is_whole = true
      return false
    }
    this.partial.clear()
    return true
  }

  /** Takes one line; false when it does not fit into this batch any more. */
  private line(src: Uint8Array, start: number, line_end: number): boolean {
    const end = line_end > start && src[line_end - 1] === CARRIAGE_RETURN ? line_end - 1 : line_end
    if (end === start) {
      this.counts.keepalives++
      return true
    }
    const { bounds, scanner, open } = this
    const at = open.ends.length === 0 ? this.at : this.at + this.framing.separator.length
    const room = at + 2 * (end - start) + this.frame_bytes
    if (open.ends.length > 0 && room > this.buffer.length && !this.buffers.mayGrow(this.buffer.length, room)) {
      this.is_full = true
      return false
    }
    this.reserve(room)
    let after = scanner.scan(src, start, end, this.buffer, at)
    if (after < 0) {
      if (isBlank(src, start, end)) this.counts.keepalives++
      else this.setAside("not_a_json_object", "the line is no JSON object", src.slice(start, end), end - start)
      return true
    }
    if (!scanner.has_metadata && this.isNoEvent(src, start, end)) return true
    if (!this.strange.is_proven) this.trust()
    const { offset, created_ms } = scanner
    if (offset >= 0 && this.isRepeat(offset)) return true
    if (end - start > bounds.event_chars_max && characters(src, start, end) > bounds.event_chars_max) {
      if (offset >= 0) this.remember(offset)
      const detail = `the event has more than ${bounds.event_chars_max} characters`
      this.reject("event_too_long", detail, src.slice(start, end), end - start, offset)
      return true
    }
    if (!this.framing.escapes) {
      this.buffer.set(src.subarray(start, end), at)
      after = at + end - start
    }
    if (after > bounds.batch_bytes_max && open.ends.length > 0) {
      this.is_full = true
      return false
    }
    if (open.ends.length > 0) write(this.framing.separator, this.buffer, this.at)
    this.at = after
    open.ends.push(after)
    open.offsets.push(offset)
    open.bytes_in += end - start
    if (created_ms > open.created_ms) open.created_ms = created_ms
    if (offset >= 0) this.remember(offset)
    else this.offset_watch.without_offset++
    this.types?.count(src, scanner.type_start, scanner.type_end)
    this.finder?.look(src, start, end, scanner, open.source_events)
    if (open.ends.length >= bounds.batch_events_max) this.is_full = true
    return true
  }

  /**
   * A JSON object without metadata. With errors it is Falcon's answer to something, and where a connection begins with
   * such an object nothing says that it is an event; it is set aside then. Another one is forwarded like any event.
   */
  private isNoEvent(src: Uint8Array, start: number, end: number): boolean {
    const raw = src.slice(start, end)
    const errors = errorsOf(raw)
    if (errors === undefined && this.strange.is_proven) return false
    const detail = errors === undefined ? "the object has no metadata" : "the object holds errors and no metadata"
    this.setAside("not_an_event", detail, raw, end - start, errors !== undefined)
    return true
  }

  /** A line that is no event: recorded, unless it is known already or it is open whether the connection is a feed. */
  private setAside(reason: RejectReason, detail: string, raw: Uint8Array, bytes: number, is_answer = isMarkup(raw)) {
    const lines = this.strange.take({ reason, detail, offset: -1, raw, bytes, instead_of_events: is_answer })
    for (const line of lines) this.reject(line.reason, line.detail, line.raw, line.bytes, -1)
  }

  private isRepeat(offset: number): boolean {
    const repeat = this.recent.isRepeat(offset)
    this.strange.passed(offset)
    this.offset_watch.saw(offset, repeat)
    if (repeat) this.counts.repeated++
    else if (offset < this.recent.highest) this.counts.late++
    return repeat
  }

  private remember(offset: number): void {
    this.recent.add(offset)
    if (offset > this.open.last_offset) this.open.last_offset = offset
  }

  private reject(reason: RejectReason, detail: string, raw: Uint8Array, bytes: number, offset: number): void {
    const { open, bounds } = this
    open.rejects.push({ reason, detail, offset, raw, bytes })
    open.reject_bytes += raw.length
    open.bytes_in += bytes
    if (open.rejects.length >= bounds.batch_events_max || open.reject_bytes > bounds.line_bytes_max) this.is_full = true
  }

  private reserve(bytes: number): void {
    if (bytes > this.buffer.length) this.buffer = this.buffers.grown(this.buffer, this.at, bytes)
  }
}
