/** Bounds of what an operator looks at while the process runs. All are ours. */

/** `GET /status` and `GET /status/stream`. */
export const status = {
  /** Between two looks for the viewers of the stream. */
  tick_ms: 1_000,
  /** Viewers at once; a further one is answered 503. A viewer costs a copy of a few kilobytes a second. */
  viewers_max: 250,
  /** A viewer that has not taken so many bytes misses looks until it has. */
  waiting_bytes_max: 512 * 1024,
  /** Then a viewer has to come again, and to show again who it is. Browsers do so by themselves. */
  viewer_life_ms: 15 * 60_000,
  /** How old what is read from the disk may be: dead letters, audit log, approvals. */
  disk_age_ms_max: 5_000,
  /** Dead letters and audit lines that are shown. */
  letters_max: 50,
  audit_lines_max: 25,
  /** Read from the end of the audit log for them. */
  audit_bytes_max: 64 * 1024,
  /** Dead letters beyond this are counted by their lines only, and neither shown nor replayed by the process that delivers. */
  letters_bytes_max: 64 * 1024 * 1024,
  /** Of a text from elsewhere in a line that is shown. */
  text_chars_max: 300,
} as const

/** `GET /tap`. */
export const tap = {
  rate_default: 1,
  rate_max: 100,
  /** Events of a batch that are looked at, whatever is asked for. */
  looked_at_max: 32,
  depth_max: 64,
  /** Taps of one tenant at once. */
  taps_max: 8,
  /** A tap that has not taken so many bytes misses events until it has. */
  waiting_bytes_max: 4 * 1024 * 1024,
  /** An empty line goes to who waits for an event for so long, so that the connection stays. */
  quiet_ms: 10_000,
} as const

/** `POST /admin/dead-letters/replay` and `GET /dead-letters/:id`. */
export const dead_letter_admin = {
  /** Letters of one call: at worst each waits for the destination, and a request does not live for ever. */
  replayed_max: 1_000,
  /** Refusals that the answer names. */
  errors_max: 20,
  /** Of what Falcon sent, in the answer. */
  raw_chars_max: 64 * 1024,
} as const

/** Log lines on standard error (`core/telemetry/standard-error.ts`). */
export const log_output = {
  /** Written and not yet taken by whoever reads them; what comes beyond is lost, and counted. A pipe holds 64 KiB besides. */
  waiting_bytes_max: 1024 * 1024,
  /** Between two looks whether lines were lost that the log does not tell yet. */
  lost_look_ms: 10_000,
} as const

/** What is remembered of the log: at most 2 MB. */
export const log_tail = {
  lines_max: 1_000,
  line_chars_max: 1_000,
} as const

/** `POST /admin/reload` and SIGHUP. */
export const reload = {
  /** Reloads that wait for the one that is being carried out, which may have to wait for a drain. A further one is answered 503. */
  waiting_max: 16,
  /** How long a stream that a reload stops may go on delivering what it has read. The process goes on, so there is more time than at its end. */
  drain_ms_max: 20_000,
} as const
