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
} as const
