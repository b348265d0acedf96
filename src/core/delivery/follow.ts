/**
 * Following an event: a plugin may ask to see events of certain types and have more events sent after them in the same
 * partition. The stream plugin knows nothing of who follows, and whoever follows knows nothing of streams.
 *
 * Raw events never wait for it. The offset of a followed event is committed once what follows it was taken by the intake, or
 * was given up on record (`dead-letters/`, reason `not_followed`).
 */
import { Data, type Effect } from "effect"
import { Notes } from "./notes.ts"
import type { LineScanner } from "./scan.ts"
import { ascii, matches } from "./tokens.ts"

/** Nothing will follow this event, or not now: `message` says why and goes to the dead letters. */
export class GivenUp extends Data.TaggedError("GivenUp")<{ readonly message: string }> {}

export interface Follower {
  /** The plugin that follows. */
  readonly plugin_id: string
  /** `metadata.eventType` of the events that it wants to see. */
  readonly event_types: readonly string[]
  /** The keys of `event` that {@link keep} looks at, in ASCII. */
  readonly fields: readonly string[]
  /**
   * What has to be kept of an event to follow it later, as JSON text (an object, small: thousands may wait); `undefined` when
   * there is nothing to follow. Called on the hot path, with `metadata.eventType` and those fields of `event` that hold no
   * object or list; must not throw.
   */
  readonly keep: (event: unknown) => string | undefined
  /**
   * Finds the events to send after the followed one, each as the JSON text of one object, in the order to send them. May take
   * as long as it wants and wait for an outage to end; it is interrupted when too much waits behind it. What it cannot do at
   * all it gives up.
   */
  readonly follow: (kept: string) => Effect.Effect<readonly string[], GivenUp>
}

/** An event of a batch that somebody follows. */
export interface Followed {
  readonly follower: Follower
  readonly offset: number
  /** What {@link Follower.keep} gave; the whole event when that broke. */
  readonly kept: string
  /** Why the event cannot be followed, when {@link Follower.keep} broke. */
  readonly broken?: string
}

/** Finds those who follow an event by the bytes of its type: nothing else is looked into. */
export class Watch {
  /** What a scanner has to note for {@link look}. */
  readonly notes: Notes
  private readonly rules: readonly Rule[]

  constructor(followers: readonly Follower[]) {
    this.rules = followers.flatMap((follower) =>
      follower.event_types.map((type) => ({ type, bytes: ascii(type), follower })),
    )
    this.notes = new Notes(
      this.rules.map(({ type }) => type),
      [...new Set(followers.flatMap(({ fields }) => fields))],
    )
  }

  /** Adds to `found` who follows the event in `src[start..end)`, which `scanner` has just scanned with our notes. */
  look(src: Uint8Array, start: number, end: number, scanner: LineScanner, found: Followed[]): void {
    const { type_start, type_end, offset } = scanner
    for (const rule of this.rules) {
      if (!matches(src, type_start, type_end - type_start, rule.bytes)) continue
      const followed = this.keep(rule, src.subarray(start, end), src, offset)
      if (followed !== undefined) found.push(followed)
    }
  }

  /** A follower that stumbles over an event must not stop the stream: the event is given up on record. */
  private keep({ type, follower }: Rule, line: Uint8Array, src: Uint8Array, offset: number): Followed | undefined {
    try {
      const { notes } = this
      const event = notes.taken
        ? { metadata: { eventType: type }, event: notes.read(src) }
        : JSON.parse(decoder.decode(line))
      const kept = follower.keep(event)
      return kept === undefined ? undefined : { follower, offset, kept }
    } catch (error) {
      const broken = `unexpected error, please report it: ${error}`
      return { follower, offset, kept: decoder.decode(line), broken }
    }
  }
}

interface Rule {
  readonly type: string
  readonly bytes: Uint8Array
  readonly follower: Follower
}

const decoder = new TextDecoder()
