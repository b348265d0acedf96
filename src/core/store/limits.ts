/** Bounds of the data folder. */

/** The lock of the data folder. */
export const folder_watch = {
  /** Between two looks whether the folder is still the one that was locked. Two calls of the kernel each. */
  every_ms: 1_000,
  /** A process that holds the folder and does not take a connection within this time is there all the same. */
  answer_ms_max: 5_000,
  /** When a plugin with a file that cannot be used looks again whether somebody has mended it. */
  retry_ms: 30_000,
  /** The first such look of a unit of a cluster: its database may be there again at once. The next ones come after twice as long each, up to `retry_ms`. */
  shared_retry_ms: 1_000,
} as const

/** Files that several processes write to in turn. */
export const turns = {
  /** Between two looks whether the other process is done: an append takes a few ms. */
  pause_ms: 10,
  /** To write a journal of some hundred MiB anew takes a second or two; who has not had its turn by then says so and writes nothing. */
  wait_ms_max: 5_000,
} as const
