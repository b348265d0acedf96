/** Bounds of the calls to Sekoia's intake. */

/** Sekoia's intake. */
export const intake = {
  /** The Python module waits 30 s as well. */
  request_ms_max: 30_000,
  response_bytes_max: 4 * 1024 * 1024,
} as const
