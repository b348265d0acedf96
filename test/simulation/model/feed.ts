/** One open feed of the modelled Falcon: events as bytes, cut anywhere, in the pace of whoever reads. */
import type { Random } from "../../../simulator/events/random.ts"
import type { StreamDeed } from "../generate/scenario.ts"
import type { VirtualTime } from "../run/time.ts"
import type { Log, LogEvent } from "./workload.ts"

export interface FeedOptions {
  readonly log: Log
  readonly first: number
  /** What comes before it is forgotten. */
  readonly oldest: number
  readonly time: VirtualTime
  readonly random: Random
  readonly keepalive_ms: number
  readonly chunk_bytes_max: number
  readonly latency_ms_max: number
  /** Events whose last byte has been handed over. */
  readonly onGiven: (last: LogEvent, count: number) => void
  /** An event has been handed over whole, without its line end, before a clean end. */
  readonly onWhole: (event: LogEvent) => void
  readonly onClosed: () => void
}

const encoder = new TextEncoder()
/** Rendered at once, so that one wake-up serves many. */
const render_bytes = 64 * 1_024
const render_events = 50

export class Feed {
  readonly body: ReadableStream<Uint8Array>
  private cursor: number
  /** Bytes that are on their way, and the events that end in them. */
  private rest: Uint8Array = new Uint8Array()
  private ends: { readonly event: LogEvent; readonly at: number }[] = []
  private controller!: ReadableStreamDefaultController<Uint8Array>
  private pulled: (() => void) | undefined
  private timer: (() => void) | undefined
  private written_ms: number
  /** The connection is gone and nobody has been told. */
  private dead = false
  private starved_until_ms = 0
  private open = true

  private readonly options: FeedOptions

  constructor(options: FeedOptions) {
    this.options = options
    this.cursor = options.first
    this.written_ms = options.time.now_ms
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.controller = controller
        },
        pull: () =>
          new Promise<void>((resolve) => {
            this.pulled = resolve
            this.wake()
          }),
        cancel: () => this.close(),
      },
      { highWaterMark: 0 },
    )
  }

  /** Ends the feed: its last bytes may be a part of a line. */
  end(): void {
    if (!this.open) return
    this.close()
    // Nothing comes through any more, not even this.
    if (this.dead) return
    this.controller.close()
    this.done()
  }

  /** Breaks the connection. */
  fail(): void {
    if (!this.open) return
    this.close()
    this.controller.error(new Error("connection reset"))
    this.done()
  }

  close(): void {
    if (!this.open) return
    this.open = false
    this.timer?.()
    this.options.onClosed()
  }

  /** Lets a fault strike. */
  suffer(deed: StreamDeed, until_ms: number): void {
    if (!this.open) return
    switch (deed.kind) {
      case "cut":
        this.cut()
        break
      case "whole_end":
        this.endWhole()
        break
      case "end":
      case "session_end":
      case "anew":
        this.end()
        break
      case "reset":
        this.fail()
        break
      case "stall":
        this.dead = true
        break
      case "keepalive_only":
        this.starved_until_ms = until_ms
        break
      case "repeat":
        if (this.rest.length === 0) this.cursor = Math.max(this.options.oldest, this.cursor - deed.events)
    }
    this.wake()
  }

  /** Half of the next line, then the end. */
  private cut(): void {
    const next = this.options.log.events[this.cursor]
    const half = this.rest.length > 0 ? this.rest : next === undefined ? encoder.encode('{"metadata"') : next.bytes
    if (this.pulled !== undefined && this.ends.length === 0) this.controller.enqueue(half.slice(0, half.length >> 1))
    this.end()
  }

  /** The whole next event, without its line end, then the end. */
  private endWhole(): void {
    const next = this.options.log.events[this.cursor]
    const is_free = this.pulled !== undefined && this.rest.length === 0 && !this.dead
    if (is_free && next !== undefined && next.at_ms <= this.options.time.now_ms && next.bytes.length < 1_000_000) {
      this.controller.enqueue(new Uint8Array(next.bytes))
      this.options.onGiven(next, 1)
      this.options.onWhole(next)
    }
    this.end()
  }

  private done(): void {
    const pulled = this.pulled
    this.pulled = undefined
    pulled?.()
  }

  private wake(): void {
    this.timer?.()
    this.timer = undefined
    if (!this.open || this.dead || this.pulled === undefined) return
    const { time, random, latency_ms_max } = this.options
    const due_ms = this.dueMs()
    const latency_ms = due_ms <= time.now_ms && random.chance(0.3) ? random.int(1, Math.max(1, latency_ms_max)) : 0
    this.timer = time.after(due_ms - time.now_ms + latency_ms, () => this.write())
  }

  /** When there is something to write. */
  private dueMs(): number {
    const { log, keepalive_ms } = this.options
    const next = log.events[this.cursor]
    const event_ms = this.rest.length > 0 ? 0 : Math.max(next?.at_ms ?? Number.POSITIVE_INFINITY, this.starved_until_ms)
    return Math.min(event_ms, this.written_ms + keepalive_ms)
  }

  private write(): void {
    const { time } = this.options
    if (!this.open || this.pulled === undefined) return
    if (this.rest.length === 0 && time.now_ms >= this.starved_until_ms) this.render()
    this.written_ms = time.now_ms
    this.controller.enqueue(this.rest.length > 0 ? this.nextChunk() : encoder.encode("\r\n"))
    this.done()
  }

  private render(): void {
    const { log, time } = this.options
    const parts: Uint8Array[] = []
    let size = 0
    this.ends = []
    for (let event = log.events[this.cursor]; event !== undefined; event = log.events[++this.cursor]) {
      if (event.at_ms > time.now_ms || size >= render_bytes || this.ends.length >= render_events) break
      const end = encoder.encode(event.line_end)
      parts.push(event.bytes, end)
      size += event.bytes.length + end.length
      this.ends.push({ event, at: size })
    }
    this.rest = Buffer.concat(parts)
  }

  /** A part of what is on its way; as a buffer of its own, as from a socket. */
  private nextChunk(): Uint8Array {
    const { random, chunk_bytes_max, onGiven } = this.options
    const most = this.rest.length > 1_000_000 ? 1_000_000 : chunk_bytes_max
    const length = random.chance(0.5)
      ? Math.min(this.rest.length, most)
      : random.int(1, Math.min(this.rest.length, most))
    const chunk = new Uint8Array(this.rest.subarray(0, length))
    const given = this.ends.filter(({ at }) => at <= length)
    if (given.length > 0) onGiven(given.at(-1)!.event, given.length)
    this.ends = this.ends.slice(given.length).map(({ event, at }) => ({ event, at: at - length }))
    this.rest = this.rest.subarray(length)
    return chunk
  }
}
