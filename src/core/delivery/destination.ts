/**
 * Where events are delivered. A destination says how events are framed in a body and takes bodies; everything else (retrying,
 * bisecting, dead letters, the commit of offsets) is the deliverer's, and works for every destination alike.
 */
import { Data, type Effect } from "effect"
import type { Recovery } from "../wait-policy.ts"
import type { RejectReason } from "./lines/batch.ts"
import type { Framing } from "./lines/framing.ts"

/** What helps: besides repeating, `bisect`, when something in this body is not wanted, and smaller bodies or other events may pass. */
export type DeliveryRecovery = Recovery | "bisect"

/** A body was not taken. After `retry` it is not known whether some of it was. */
export class DeliveryError extends Data.TaggedError("DeliveryError")<{
  /** A short name for metrics. */
  readonly reason: string
  readonly recovery: DeliveryRecovery
  /** How long the destination asks to wait. */
  readonly retry_after_ms?: number | undefined
  /** Keys of the configuration to look at; where there are any, health is `failed`. */
  readonly config_keys?: readonly string[]
  /** With `bisect`: the reason of the dead letter of the one event that remains. */
  readonly dead_letter?: RejectReason
  /** For people: what came, from where. */
  readonly message: string
}> {}

export interface Destination {
  /** For messages, to stand behind "the": `intake`. */
  readonly name: string
  readonly framing: Framing
  /** The values of `metadata.eventType` that something is done with there, beyond storing the text; all when left out. */
  readonly routed_types?: readonly string[]
  /** Only one process may post at a time: whoever posts has to hold the lock of the data folder. */
  readonly is_exclusive: boolean
  /** What stands in front of the first event, as of now. May hold a key: never log it. */
  readonly head: Effect.Effect<Uint8Array, DeliveryError>
  /**
   * Posts a whole body (see `Batch.body`) with so many events. Success means that it has taken them, as safely as it ever will;
   * gives how many of the events it has acknowledged one by one, which may be fewer.
   */
  readonly post: (body: Uint8Array, events: number) => Effect.Effect<number, DeliveryError>
  /** Finds out whether it would take events, without posting one. */
  readonly check: Effect.Effect<Taking, DeliveryError>
}

/** What a destination says about itself. */
interface Taking {
  /** It has shown that it would take events; otherwise it has only not refused. */
  readonly verified: boolean
  readonly detail: string
}
