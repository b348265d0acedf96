/** Counters of one cycle of an inventory. */

export interface Tally {
  /** Entities read. */
  read: number
  /** Accepted by Sekoia; in a dry run: would be sent. */
  sent: number
  unchanged: number
  /** Could not be mapped. */
  skipped: number
  /** Refused by Sekoia, each when it was posted alone. */
  refused: number
  /** Disappeared from Falcon. */
  removed: number
  /** How many entities the walk has, when Falcon says so. */
  total: number | undefined
  /** Which answers are not believed, and why, for people; `undefined` when all are. */
  doubt: string | undefined
  /** Time that Falcon's answers took, waiting left out. */
  reading_ms: number
}

export const emptyTally = (): Tally => ({
  read: 0,
  sent: 0,
  unchanged: 0,
  skipped: 0,
  refused: 0,
  removed: 0,
  total: undefined,
  doubt: undefined,
  reading_ms: 0,
})
