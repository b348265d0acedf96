/**
 * Following an event: a plugin may ask to see events of certain types and have more events sent after them in the same
 * partition. The stream plugin knows nothing of who follows, and whoever follows knows nothing of streams.
 *
 * Raw events never wait for it. The offset of a followed event is committed once what follows it was taken by the intake, or
 * was given up on record (`dead-letters/`, reason `not_followed`).
 */
import { Data, type Effect } from "effect"
import { pick, type Wanted, wanted } from "./pick.ts"

/** Nothing will follow this event, or not now: `message` says why and goes to the dead letters. */
export class GivenUp extends Data.TaggedError("GivenUp")<{ readonly message: string }> {}

export interface Follower {
  /** The plugin that follows. */
  readonly plugin_id: string
  /** `metadata.eventType` of the events that it wants to see. */
  readonly event_types: readonly string[]
  /** The keys of `event` that {@link keep} looks at. */
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
  private readonly rules: readonly Rule[]

  constructor(followers: readonly Follower[]) {
    const encoder = new TextEncoder()
    this.rules = followers.flatMap((follower) =>
      follower.event_types.map((type) => ({
        type,
        bytes: encoder.encode(type),
        fields: wanted(follower.fields),
        follower,
      })),
    )
  }

  /** Adds to `found` who follows the event in `src[start..end)` whose type stands in `src[type_start..type_end)`. */
  look(
    src: Uint8Array,
    start: number,
    end: number,
    type_start: number,
    type_end: number,
    offset: number,
    found: Followed[],
  ): void {
    for (const rule of this.rules) {
      const { bytes, follower } = rule
      if (bytes.length !== type_end - type_start || !startsWith(src, type_start, bytes)) continue
      const kept = keep(rule, src, start, end)
      if (kept !== undefined) found.push({ follower, offset, ...kept })
    }
  }
}

interface Rule {
  readonly type: string
  readonly bytes: Uint8Array
  readonly fields: Wanted
  readonly follower: Follower
}

const decoder = new TextDecoder()

const startsWith = (src: Uint8Array, at: number, word: Uint8Array): boolean => {
  for (let i = 0; i < word.length; i++) if (src[at + i] !== word[i]) return false
  return true
}

/** A follower that stumbles over an event must not stop the stream: the event is given up on record. */
const keep = (
  { type, fields, follower }: Rule,
  src: Uint8Array,
  start: number,
  end: number,
): Pick<Followed, "kept" | "broken"> | undefined => {
  try {
    const event = pick(src, start, end, fields)
    const kept = follower.keep(event === undefined ? parse(src, start, end) : { metadata: { eventType: type }, event })
    return kept === undefined ? undefined : { kept }
  } catch (error) {
    return { kept: text(src, start, end), broken: `unexpected error, please report it: ${error}` }
  }
}

const text = (src: Uint8Array, start: number, end: number): string => decoder.decode(src.subarray(start, end))

const parse = (src: Uint8Array, start: number, end: number): unknown => JSON.parse(text(src, start, end))
