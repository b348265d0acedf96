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
} as const
