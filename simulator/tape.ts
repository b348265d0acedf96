import type { EventTemplate } from "./events/template.ts"
import type { PoisonKind } from "./options.ts"
import { poisoned } from "./poison.ts"

/** Offsets of one partition lie in one range of this width, so that an offset alone names its partition and index. */
const offset_range = 10_000_000_000

/** Between two events of the backlog. */
const backlog_gap_ms = 250

/** Bytes that the digits of both slots and the line end take at most. */
const slots_bytes_max = 40

/** What a tape is made of. */
export interface TapeOptions {
  seed: number
  partition: number
  templates: readonly EventTemplate[]
  /** Events available at `start_ms`; those after them are created one by one, `per_second`. */
  backlog: number
  per_second: number
  events_max: number
  start_ms: number
  line_end: "mixed" | "\n" | "\r\n"
  poison: ReadonlyMap<number, PoisonKind>
}

/** The partition that an offset belongs to. */
export function partitionOf(offset: number): number {
  return Math.floor(offset / offset_range) - 1
}

/** A well mixed 32-bit hash of three small integers. */
function mix(seed: number, partition: number, index: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(partition + 1, 0xc2b2ae35)
  hash = Math.imul(hash ^ index ^ Math.floor(index / 2 ** 32), 0x27d4eb2f)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** All events of one partition, past and future: event k is a pure function of the options and k. */
export class Tape {
  /** Room that `write` needs at most for one event that is not poisoned. */
  readonly event_bytes_max: number
  /** No event is created from then on: the partition was removed, or events were ended over the control routes. */
  end_ms = Number.POSITIVE_INFINITY
  readonly #base: number

  readonly options: TapeOptions

  constructor(options: TapeOptions) {
    this.options = options
    this.#base = (options.partition + 1) * offset_range
    this.event_bytes_max = Math.max(...options.templates.map((template) => template.bytes)) + slots_bytes_max
  }

  /** How many events exist at `now`: indices 0 to head - 1. */
  head(now: number): number {
    const { backlog, per_second, events_max, start_ms } = this.options
    const elapsed_ms = Math.max(0, Math.min(now, this.end_ms) - start_ms)
    return Math.min(events_max, backlog + Math.floor((elapsed_ms * per_second) / 1000 + 1e-6))
  }

  /** When event k is (or was) created. */
  createdMs(index: number): number {
    const { backlog, per_second, start_ms } = this.options
    if (index < backlog) return start_ms - (backlog - index) * backlog_gap_ms
    return start_ms + Math.ceil(((index - backlog + 1) * 1000) / per_second - 1e-3)
  }

  /** When the event after the last one comes; Infinity if none does. */
  nextMs(now: number): number {
    const { per_second, events_max } = this.options
    const head = this.head(now)
    if (per_second === 0 || head >= events_max || now >= this.end_ms) return Number.POSITIVE_INFINITY
    return Math.max(this.createdMs(head), now + 1)
  }

  /** True for an event that came into being after the start. */
  isLive(index: number): boolean {
    return index >= this.options.backlog
  }

  /** The offset of event k. Offsets grow with gaps. */
  offset(index: number): number {
    return this.#offset(index, this.#hash(index))
  }

  /** The first event whose offset is not below `offset`. */
  indexAtOrAbove(offset: number): number {
    const index = Math.max(0, Math.floor((offset - this.#base) / 2))
    return this.offset(index) >= offset ? index : index + 1
  }

  /** The event with exactly this offset. */
  indexOf(offset: number): number | undefined {
    const index = Math.floor((offset - this.#base) / 2)
    return index >= 0 && this.offset(index) === offset ? index : undefined
  }

  /** The event type of event k. */
  type(index: number): string {
    return this.#template(this.#hash(index)).type
  }

  /** What is wrong with event k, if anything. */
  poison(index: number): PoisonKind | undefined {
    return this.options.poison.get(index)
  }

  /** Event k as it goes over the wire, without its line end. */
  bytes(index: number): Uint8Array {
    const bytes = this.#intact(index)
    const kind = this.poison(index)
    return kind === undefined ? bytes : poisoned(kind, bytes, this.offset(index))
  }

  /** Event k with its line end. */
  line(index: number): Uint8Array {
    const bytes = this.bytes(index)
    const line = new Uint8Array(bytes.length + 2)
    line.set(bytes)
    return line.subarray(0, this.#writeLineEnd(this.#hash(index), line, bytes.length))
  }

  /** Writes event k, which must not be poisoned, with its line end into `target`. Answers where it ends. */
  write(index: number, target: Uint8Array, start: number): number {
    const hash = this.#hash(index)
    const end = this.#writeHashed(index, hash, target, start)
    return this.#writeLineEnd(hash, target, end)
  }

  /** Writes event k without its line end; returns where it ends. */
  writeEvent(index: number, target: Uint8Array, start: number): number {
    return this.#writeHashed(index, this.#hash(index), target, start)
  }

  /** Event k without poison, without line end. */
  #intact(index: number): Uint8Array {
    const hash = this.#hash(index)
    const target = new Uint8Array(this.#template(hash).bytes + slots_bytes_max)
    return target.subarray(0, this.#writeHashed(index, hash, target, 0))
  }

  #writeHashed(index: number, hash: number, target: Uint8Array, start: number): number {
    const { parts, slots } = this.#template(hash)
    let end = start
    for (let part = 0; part < parts.length; part++) {
      const bytes = parts[part]!
      target.set(bytes, end)
      end += bytes.length
      if (part < slots.length) {
        end = writeDigits(slots[part] === "offset" ? this.#offset(index, hash) : this.createdMs(index), target, end)
      }
    }
    return end
  }

  #writeLineEnd(hash: number, target: Uint8Array, start: number): number {
    const { line_end } = this.options
    let end = start
    if (line_end === "\r\n" || (line_end === "mixed" && (hash & 2) === 0)) target[end++] = 0x0d
    target[end++] = 0x0a
    return end
  }

  #offset(index: number, hash: number): number {
    return this.#base + 2 * index + (hash & 1)
  }

  #hash(index: number): number {
    return mix(this.options.seed, this.options.partition, index)
  }

  #template(hash: number): EventTemplate {
    const { templates } = this.options
    return templates[(hash >>> 2) % templates.length]!
  }
}

/** Writes a non-negative integer as decimal digits. Answers where they end. */
function writeDigits(value: number, target: Uint8Array, start: number): number {
  let digits = 1
  for (let power = 10; power <= value; power *= 10) digits++
  const end = start + digits
  // Two halves, since integer arithmetic above 2^31 is slow.
  let high = Math.floor(value / 1e8)
  let low = value - high * 1e8
  for (let at = end - 1; at >= start; at--) {
    if (end - at === 9) low = high % 1e8
    if (end - at === 9) high = Math.floor(high / 1e8)
    target[at] = 0x30 + (low % 10)
    low = Math.trunc(low / 10)
  }
  return end
}
