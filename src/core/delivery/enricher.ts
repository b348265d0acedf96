/**
 * Following an event: a plugin may ask to see events of certain types and have more events sent after them in the same
 * partition. The stream plugin knows nothing of who follows, and whoever follows knows nothing of streams.
 *
 * Raw events never wait for it. The offset of a followed event is committed once what follows it was taken by the intake, or
 * was given up on record (`dead-letters/`, reason `not_followed`).
 */
import { Data, type Effect } from "effect"
import type { LineScanner } from "./lines/line-scanner.ts"
import { RecordedFields } from "./lines/recorded-fields.ts"
import { ascii, matches } from "./lines/tokens.ts"

/** Nothing will follow this event, or not now: `message` says why and goes to the dead letters. */
export class GivenUp extends Data.TaggedError("GivenUp")<{ readonly message: string }> {}

export interface Enricher {
  /** The plugin that follows. */
  readonly plugin_id: string
  /** `metadata.eventType` of the events that it wants to see. */
  readonly event_types: readonly string[]
  /** The keys of `event` that {@link refOf} looks at, in ASCII. */
  readonly fields: readonly string[]
  /**
   * What has to be kept of an event to follow it later, as JSON text (an object, small: thousands may wait); `undefined` when
   * there is nothing to follow. Called on the hot path, with `metadata.eventType` and those fields of `event` that hold no
   * object or list; must not throw.
   */
  readonly refOf: (event: unknown) => string | undefined
  /**
   * Finds the events to send after the followed one, each as the JSON text of one object, in the order to send them. May take
   * as long as it wants and wait for an outage to end; it is interrupted when too much waits behind it. What it cannot do at
   * all it gives up.
   */
  readonly enrich: (ref: string) => Effect.Effect<readonly string[], GivenUp>
}

/** An event of a batch that somebody follows. */
export interface SourceEvent {
  readonly enricher: Enricher
  readonly offset: number
  /** What {@link Enricher.refOf} gave; the whole event when that broke. */
  readonly ref: string
  /** Why the event cannot be source, when {@link Enricher.refOf} broke. */
  readonly broken?: string
}

/** Finds those who follow an event by the bytes of its type: nothing else is looked into. */
export class SourceEventFinder {
  /** What a scanner has to note for {@link look}. */
  readonly recorded: RecordedFields
  private readonly rules: readonly Rule[]

  constructor(enrichers: readonly Enricher[]) {
    this.rules = enrichers.flatMap((enricher) =>
      enricher.event_types.map((type) => ({ type, bytes: ascii(type), enricher })),
    )
    this.recorded = new RecordedFields(
      this.rules.map(({ type }) => type),
      [...new Set(enrichers.flatMap(({ fields }) => fields))],
    )
  }

  /** Adds to `found` who follows the event in `src[start..end)`, which `scanner` has just scanned with our {@link recorded} fields. */
  look(src: Uint8Array, start: number, end: number, scanner: LineScanner, found: SourceEvent[]): void {
    const { type_start, type_end, offset } = scanner
    for (const rule of this.rules) {
      if (!matches(src, type_start, type_end - type_start, rule.bytes)) continue
      const source = this.sourceEvent(rule, src.subarray(start, end), src, offset)
      if (source !== undefined) found.push(source)
    }
  }

  /** An enricher that stumbles over an event must not stop the stream: the event is given up on record. */
  private sourceEvent(
    { type, enricher }: Rule,
    line: Uint8Array,
    src: Uint8Array,
    offset: number,
  ): SourceEvent | undefined {
    try {
      const { recorded } = this
      const event = recorded.taken
        ? { metadata: { eventType: type }, event: recorded.read(src) }
        : JSON.parse(decoder.decode(line))
      const ref = enricher.refOf(event)
      return ref === undefined ? undefined : { enricher, offset, ref }
    } catch (error) {
      const broken = `unexpected error, please report it: ${error}`
      return { enricher, offset, ref: decoder.decode(line), broken }
    }
  }
}

interface Rule {
  readonly type: string
  readonly bytes: Uint8Array
  readonly enricher: Enricher
}

const decoder = new TextDecoder()
