/** Bounds of the files that a person writes. */

/** What a person writes. */
export const configuration = {
  /** `akonis.yaml` and `ca_file`: the bundle of all public authorities has a quarter of it. */
  file_bytes_max: 1024 * 1024,
  /** A file with one key or token. Falcon's and Sekoia's have below 100 characters; a signed token may have some thousands. */
  secret_bytes_max: 64 * 1024,
} as const
