/**
 * Enriching events: a plugin may ask to see events of certain types (source events) and have more events (enriched events) sent after
 * them in the same partition. The plugin that delivers knows no enricher, and an enricher knows no stream.
 *
 * Raw events never wait for it. The offset of a source event is committed once the destination has taken its enriched events, or
 * once it is dead-lettered with the reason `not_enriched`.
 */
import { Data, type Effect } from "effect"
import type { LineScanner } from "./lines/line-scanner.ts"
import { RecordedFields } from "./lines/recorded-fields.ts"
import { ascii, matches } from "./lines/tokens.ts"

/** There are no enriched events for this source event, or not now: `message` says why and stands in its dead letter. */
export class NotEnriched extends Data.TaggedError("NotEnriched")<{ readonly message: string }> {}

export interface Enricher {
  /** The plugin that it belongs to. */
  readonly plugin_id: string
  /** `metadata.eventType` of the events that it wants to see. */
  readonly event_types: readonly string[]
  /** The keys of `event` that {@link refOf} looks at, in ASCII. */
  readonly fields: readonly string[]
  /**
   * What {@link enrich} will need of an event, as JSON text (an object, small: thousands may wait); `undefined` when the event is
   * not to be enriched. Called on the hot path, with `metadata.eventType` and those fields of `event` that hold no
   * object or list; must not throw.
   */
  readonly refOf: (event: unknown) => string | undefined
  /**
   * Finds the enriched events of one source event, each as the JSON text of one object, in the order to send them. May take
   * as long as it wants and wait for an outage to end; it is interrupted when too much waits behind it. Fails when it cannot
   * find them at all.
   */
  readonly enrich: (ref: string) => Effect.Effect<readonly string[], NotEnriched>
}

/** An event of a batch that is to be enriched. */
export interface SourceEvent {
  readonly enricher: Enricher
  readonly offset: number
  /** What {@link Enricher.refOf} gave; the whole event when that broke. */
  readonly ref: string
  /** Why the event cannot be enriched: set when {@link Enricher.refOf} broke. */
  readonly broken?: string
}

/** Finds source events by the bytes of their type: nothing else is looked into. */
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

  /**
   * Adds to `found` the event in `src[start..end)`, once for each enricher that wants it. `scanner` has just scanned it with the fields of
   * {@link recorded}.
   */
  look(src: Uint8Array, start: number, end: number, scanner: LineScanner, found: SourceEvent[]): void {
    const { type_start, type_end, offset } = scanner
    for (const rule of this.rules) {
      if (!matches(src, type_start, type_end - type_start, rule.bytes)) continue
      const source = this.sourceEvent(rule, src.subarray(start, end), src, offset)
      if (source !== undefined) found.push(source)
    }
  }

  /** An enricher that cannot read an event must not stop the stream: the event is dead-lettered once it is delivered. */
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
