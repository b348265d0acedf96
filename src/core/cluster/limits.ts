/** Bounds of a cluster: of its database, and of how soon another process takes over. */

/** Connections and statements. */
export const cluster_database = {
  /** One connection holds the shards of a process, one is for commits, one for everything else. */
  connections_min: 3,
  connections_default: 10,
  connections_allowed_max: 100,
  connect_ms_max: 5_000,
  /** A statement that takes longer counts as failed: what waits for it is tried again. */
  statement_ms_max: 5_000,
  /** A connection that nobody uses is closed after this. */
  idle_ms_max: 60_000,
  /** Of a shared file in one row; a file is as many rows as it was written in, and more where it is larger. */
  file_part_bytes: 1024 * 1024,
} as const

/** The cluster's engine. Measured with three processes: after `kill -9` all runs elsewhere within 9 s, after SIGTERM within 1 s. */
export const engine = {
  /**
   * Places for units. Each unit belongs to one by its name; all processes must have the same number. A process that ends gives its places
   * back one by one, two statements each, so that few make a quick hand-over; a cluster of ten processes has three for each.
   */
  shards: 32,
  /** Between two looks who is there. */
  look_ms: 1_000,
  lock_refresh_ms: 3_000,
  /** Who has not refreshed its locks for so long loses them: a process that is frozen, or cut off from the database. */
  lock_ms_max: 10_000,
  /** Between two questions to each process whether it is there. */
  health_check_ms: 3_000,
  /** How long a unit that moves may take to deliver what it has read. */
  hand_over_ms_max: 5_000,
  /** Before a unit that could not be claimed is claimed again. */
  claim_again_ms: 1_000,
} as const

/** What processes tell of themselves in the database. */
export const membership = {
  tell_ms: 2_000,
  /** Who has not told that it lives for so long is not there. */
  silent_ms_max: 15_000,
  /** Rows of processes that ended without a word are removed after a day. */
  forgotten_ms: 24 * 60 * 60_000,
} as const

/** The journal of changes that all processes share. */
export const cluster_journal = {
  /** Between two looks whether another process has ended the same request. */
  look_ms: 250,
  /** How an action ended is stored again so often where the database does not answer; after that it is in doubt. */
  end_tries_max: 20,
  end_again_ms: 2_000,
} as const
