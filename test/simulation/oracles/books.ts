/** What the oracle of delivery keeps about events and partitions. */

import type { Log, LogEvent } from "../model/workload.ts"
import type { Vertex } from "./enrichment-oracle.ts"
import type { PutOff } from "./put-off.ts"

/** What is posted: events, or vertices that follow some. */
export interface Post {
  readonly events: readonly LogEvent[]
  readonly vertices: readonly Vertex[]
  readonly key: unknown
}

export interface Progress {
  readonly delivered: number
  readonly all_delivered: boolean
  readonly done: number
  readonly complete: boolean
  /** Requests to the intake so far. */
  readonly posts: number
}

/** What is known of one event. */
export interface Fate {
  readonly event: LogEvent
  /** The life of the process in which the intake took it last, 0 for not yet. */
  taken_in: number
  /** The answer to that post did not reach the process as a success. */
  unanswered: boolean
  refused_alone: boolean
  dead_letters: number
  /** The life of the process in which it was recorded last. */
  recorded_in: number
  /** Falcon forgot it before it was safe. */
  forgotten: boolean
}

export interface Book {
  readonly log: Log
  readonly fates: readonly Fate[]
  /** Everything before it is with the intake or in the dead letters. */
  settled: number
  /** Highest position that the intake took. */
  latest: number
  committed: number
  /** The position of what was stored last, whatever the disk may have forgotten since; -1 for none. */
  committed_position: number
  /** What will be stored in the end; -1 when no line tells its offset, `undefined` when anything may be. */
  last_offset: number | undefined
  /** Its offsets have begun anew. */
  is_anew: boolean
  /** The last event that this process has been given. */
  given: number
  chunk_events_max: number
  repeated: number
  /** Lines without an offset that were recorded again where that may be. */
  recorded_again: number
  readonly put_off: PutOff
}
