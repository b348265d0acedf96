/**
 * Following an event: a plugin may ask to see events of certain types and have more events sent after them in the same
 * partition. The stream plugin knows nothing of who follows, and whoever follows knows nothing of streams.
 *
 * Raw events never wait for it. The offset of a followed event is committed once what follows it was taken by the intake, or
 * was given up on record (`dead-letters/`, reason `not_followed`).
 */
import { Data, type Effect } from "effect"

/** Nothing will follow this event, or not now: `message` says why and goes to the dead letters. */
export class GivenUp extends Data.TaggedError("GivenUp")<{ readonly message: string }> {}

export interface Follower {
  /** The plugin that follows. */
  readonly plugin_id: string
  /** `metadata.eventType` of the events that it wants to see. */
  readonly event_types: readonly string[]
  /**
   * What has to be kept of an event to follow it later, as JSON text (an object, small: thousands may wait); `undefined` when
   * there is nothing to follow. Called on the hot path, with the parsed line of an event of these types; must not throw.
   */
  readonly keep: (event: unknown) => string | undefined
  /**
   * Finds the events to send after the followed one, each as the JSON text of one object, in the order to send them. May take
   * as long as it wants and wait for an outage to end; it is interrupted when too much waits behind it. What it cannot do at
   * all it gives up.
   */
  readonly follow: (kept: string) => Effect.Effect<readonly string[], GivenUp>
}
