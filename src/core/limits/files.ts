/** The bounds of files: what is read, and the folder that is ours. They are ours, and say why they are that size. */

/** What a person writes. */
export const configuration = {
  /** `akonis.yaml` and `ca_file`: the bundle of all public authorities has a quarter of it. */
  file_bytes_max: 1024 * 1024,
  /** A file with one key or token. Falcon's and Sekoia's have below 100 characters; a signed token may have some thousands. */
  secret_bytes_max: 64 * 1024,
} as const

/** The lock of the data folder. */
export const folder_watch = {
  /** Between two looks whether the folder is still the one that was locked. Two calls of the kernel each. */
  every_ms: 1_000,
  /** A process that holds the folder and does not take a connection within this time is there all the same. */
  answer_ms_max: 5_000,
  /** When a plugin with a file that cannot be used looks again whether somebody has mended it. */
  retry_ms: 30_000,
} as const

/** The audit log: what one tenant's files take is bounded, and no caller can push the lines of others out. */
export const audit = {
  /** A file beyond this is put aside as `audit.1.ndjson`; about 80 000 lines. */
  file_bytes_max: 32 * 1024 * 1024,
  /** Files put aside; with the one in use 352 MiB. Who keeps the log for longer collects them. */
  files_max: 10,
  /** Refusals of one caller that get a line of their own within the window; the rest is one line with their number. */
  refusals_max: 50,
  refusals_window_ms: 60 * 60_000,
  /** Ids in the line of a refusal. */
  refused_ids_max: 20,
} as const

/** The idempotency journal. */
export const journal = {
  /** Keys of one caller remembered at once; a further one is refused to that caller alone. */
  keys_per_caller_max: 10_000,
  /** What an earlier process left is kept for so long at least, whatever the clock says just after a start. */
  settle_ms: 60 * 60_000,
  /** Of lines that cannot be read, searched for the keys that stood in them. */
  damaged_chars_max: 1024 * 1024,
} as const
