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
  /** The server ends a session that has begun a transaction and says nothing for so long: a process that was frozen in one would keep others from its units. */
  transaction_silent_ms_max: 2_000,
  /** A connection that nobody uses is closed after this. */
  idle_ms_max: 60_000,
  /** Of a shared file in one row; a file is as many rows as it was written in, and more where it is larger. */
  file_part_bytes: 1024 * 1024,
} as const

/**
 * The cluster's engine, and how soon another process has a unit. A process that is killed, frozen or cut off right after its last sign
 * counts for `lock_ms_max` (6 s); the others see it gone within `look_ms` (0.25 s); where the server ends the session of a frozen process
 * a moment later than that, the engine tries its places again after 1 s. Together 7.3 s, which leaves 2.7 s of the promised 10 s to a busy
 * machine. A process that ends gives its places back before it leaves, so the others need one look.
 */
export const engine = {
  /** Places for units. Each unit belongs to one by its name; all processes must have the same number. A cluster of ten processes has three for each. */
  shards: 32,
  /** Between two looks who is there: one statement each, over a table with a row for each process. */
  look_ms: 250,
  /** Between two signs. One that takes as long as this costs the process its units: it cannot know whether it still has them. More than a third of `lock_ms_max` is cut to that by the engine. */
  lock_refresh_ms: 2_000,
  /** Who has given no sign for so long loses its units: a process that is gone, frozen, or cut off from the database. Whole seconds. */
  lock_ms_max: 6_000,
  /** Between two questions to each process whether it is there. One that does not even listen loses its units some seconds earlier than by its silence. */
  health_check_ms: 3_000,
  /** How long a process that ends may deliver what it has read. What is not delivered by then comes again from the next process, so this is short. */
  hand_over_ms_max: 2_000,
  /** Before a unit that could not be claimed is claimed again. */
  claim_again_ms: 500,
} as const

/** What processes tell of themselves in the database. */
export const membership = {
  tell_ms: 2_000,
  /** Who has not told that it lives for so long is not there. */
  silent_ms_max: 15_000,
  /** Rows of processes that ended without a word are removed after a day. */
  forgotten_ms: 24 * 60 * 60_000,
} as const

/** How the processes share a tenant's rate of calls to Falcon. Two statements a second for each tenant and process that makes calls, none without calls. */
export const shared_rate = {
  renew_ms: 1_000,
  /** How long a lease counts. A process that is gone keeps others from its part for so long; a renewal may fail twice. */
  lease_ms: 3_000,
  /** A database that takes longer counts as away: calls go on at an equal part of the rate. */
  ask_ms_max: 1_000,
  /** Requests a second that a process wants before it knows how many it makes. */
  first_per_second: 20,
  least_per_second: 10,
  /** Of the requests of the last second, so that a process which makes more need not wait. */
  reserve_factor: 1.5,
  /** Another process may have changed the leases between reading and storing them, each at most once a second. */
  tries_max: 10,
} as const

/** The journal of changes that all processes share. */
export const cluster_journal = {
  /** Between two looks whether another process has ended the same request. */
  look_ms: 250,
  /** How an action ended is stored again so often where the database does not answer; after that it is in doubt. */
  end_tries_max: 20,
  end_again_ms: 2_000,
} as const
