/** What the oracle of a cluster keeps about epochs and partitions. */
import type { Log } from "../model/workload.ts"
import { PutOff } from "./put-off.ts"

/** What one epoch did with one partition, by positions. */
interface Share {
  /** What was stored when the epoch began, -1 for nothing. */
  readonly from: number
  /** Highest that the intake took. */
  latest: number
  readonly taken: Set<number>
  /** Taken, and the answer has not reached the process. */
  readonly unanswered: Set<number>
  readonly put_off: PutOff
  /** Taken, and not stored when the next epoch began: it comes again. */
  readonly beyond: Set<number>
}

/** One epoch. */
export interface Turn {
  readonly epoch: number
  readonly by: object
  readonly shares: readonly Share[]
  /** When its process learnt that it is over. */
  told_ms: number | undefined
}

/** What is known of one partition. */
export interface ClusterBook {
  readonly log: Log
  /** By position: whether the intake took it, and how many dead letters hold it. */
  readonly taken: boolean[]
  readonly recorded: number[]
  /** Everything before it is with the intake or in the dead letters. */
  settled: number
  /** Highest position that the intake took. */
  latest: number
  /** The position of the stored offset, -1 for none. */
  committed: number
  readonly last: number
}

export const newShare = (from: number): Share => ({
  from,
  latest: -1,
  taken: new Set(),
  unanswered: new Set(),
  put_off: new PutOff(),
  beyond: new Set(),
})

export const newBook = (log: Log): ClusterBook => ({
  log,
  taken: log.events.map(() => false),
  recorded: log.events.map(() => 0),
  settled: 0,
  latest: -1,
  committed: -1,
  last: log.events.findLastIndex(({ tells_offset }) => tells_offset),
})
