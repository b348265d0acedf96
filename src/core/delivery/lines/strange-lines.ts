/**
 * Lines of a partition that are no events: which of them are recorded, and whether what a connection brings is a feed at all.
 *
 * A proxy's page, or Falcon's error in a body with status 200, looks like a feed whose every line is broken. So what a
 * connection begins with is held until an event proves the connection: then the lines before it were strange lines of a real
 * feed and are recorded. Where the body ends without one, nothing is recorded; what came tells why.
 *
 * Such a line has no offset to know it by when the next connection brings it again. It is known by its place: the how manieth
 * it is after which offset, and what it says. Where Falcon begins a repetition with such a line, nothing
 * places it, and it is recorded again: two that are alike are not taken for one.
 */
import { createHash } from "node:crypto"
import type { BatchBounds, Reject } from "./batch.ts"

/** Lines held until it is known whether a connection is a feed; lines that are known again when they come twice. */
const held_lines_max = 100
const lines_known_max = 1_000

/** A line that is no event, as far as it tells what it is instead. */
export interface Strange extends Reject {
  /** It stands in place of events: the beginning of a page, or Falcon's error. Another line may just be broken. */
  readonly instead_of_events: boolean
}

export class StrangeLines {
  /** What came on this connection is no feed, and too much to hold. */
  overflown = false
  private proven = true
  private held: { readonly line: Strange; readonly key: string }[] = []
  private held_bytes = 0
  private place = -1
  private ordinal = 0
  private readonly seen = new Set<string>()

  private readonly bounds: BatchBounds

  constructor(bounds: BatchBounds) {
    this.bounds = bounds
  }

  /** A new connection, which goes on behind this offset; what the last one left undecided will come again. */
  begin(resume_offset: number): void {
    this.drop()
    this.proven = false
    this.place = resume_offset
    this.ordinal = 0
  }

  /** Forgets what is undecided. */
  drop(): void {
    this.held = []
    this.held_bytes = 0
    this.overflown = false
  }

  /** Whether an event has come on this connection. */
  get is_proven(): boolean {
    return this.proven
  }

  /** The first undecided line; `undefined` when there is none. */
  get first(): Strange | undefined {
    return this.held[0]?.line
  }

  /** An event with this offset has been seen, new or not. */
  passed(offset: number): void {
    this.place = offset
    this.ordinal = 0
  }

  /** The connection is a feed. Gives the lines that are to be recorded after all. */
  prove(): readonly Reject[] {
    this.proven = true
    const held = this.held
    this.drop()
    return held.map(({ line, key }) => this.remember(line, key))
  }

  /** Takes a line; gives what is to be recorded now: `[]` for a line that is known, or not decided yet. */
  take(line: Strange): readonly Reject[] {
    const key = `${this.place} ${this.ordinal++} ${createHash("sha256").update(line.raw).digest("base64")}`
    if (this.seen.has(key)) return []
    if (this.proven) return [this.remember(line, key)]
    const { batch_events_max, line_bytes_max } = this.bounds
    const has_place = this.held.length < Math.min(held_lines_max, batch_events_max)
    const fits = has_place && this.held_bytes + line.raw.length <= line_bytes_max
    if (!fits && this.first?.instead_of_events === true) {
      this.overflown = true
      return []
    }
    this.held.push({ line, key })
    this.held_bytes += line.raw.length
    return fits ? [] : this.prove()
  }

  private remember({ instead_of_events: _, ...reject }: Strange, key: string): Reject {
    this.seen.add(key)
    if (this.seen.size > lines_known_max) {
      for (const oldest of this.seen) {
        this.seen.delete(oldest)
        break
      }
    }
    return reject
  }
}

const OPEN_TAG = 0x3c

/**
 * What Falcon says in place of events: the errors of a JSON object without metadata, also one that comes alone, without its list.
 * `undefined` when there are none.
 */
export const errorsOf = (line: Uint8Array): readonly unknown[] | undefined => {
  const { errors } = JSON.parse(new TextDecoder().decode(line)) as { readonly errors?: unknown }
  const all = Array.isArray(errors) ? errors : [errors]
  const is_none = all.length === 0 || (all.length === 1 && (!all[0] || Object.keys(Object(all[0])).length === 0))
  return is_none ? undefined : all
}

/** The line begins as a page does. */
export const isMarkup = (raw: Uint8Array): boolean => {
  for (const byte of raw) {
    // Blanks and a byte order mark may stand before it.
    if (byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf) return byte === OPEN_TAG
  }
  return false
}
