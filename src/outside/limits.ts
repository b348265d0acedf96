/** Bounds of plugins from outside: code that nobody here has read, in the same process as the streams. */
export const outside = {
  /** Plugins in `plugins.load`. */
  plugins_max: 16,
  /** Source files of one plugin, those that it imports included. */
  files_max: 64,
  /** Of one source file. */
  file_bytes_max: 1_048_576,
  /** Until a module has been evaluated: a top-level await may never end. */
  import_ms_max: 10_000,
  /** Of one action, retries and waits for Falcon's rate limit included. */
  action_ms_max: 120_000,
  /** What an action answers with, as JSON. */
  answer_chars_max: 10_485_760,
  /** Of what it finds out for `akonis check`. */
  check_ms_max: 30_000,
  /** Of one enrichment; the offset of its event waits so long. */
  enrich_ms_max: 30_000,
  /** What an enricher notes of an event; thousands may wait in memory. */
  ref_chars_max: 16_384,
  /** Events that one enrichment may send. */
  events_max: 1_000,
  /** Characters of all of them. */
  events_chars_max: 10_485_760,
  /** Enrichments that break in a row until the enricher is left alone for a while. */
  failures_in_row_max: 5,
  /** How long it is left alone; what it would have added meanwhile are dead letters. */
  pause_ms: 60_000,
  /** Background work that ends at once, or ends again and again, begins anew after no more than this. */
  restart_ms_max: 60_000,
  /** Background work that lived so long begins anew at once. */
  settled_ms: 600_000,
  /** For its background work to end when the process stops; together with the streams it stays below 5 s. */
  stop_ms_max: 2_000,
} as const

/** The simulated time of a plugin's tests. */
export const rig = {
  /** How far it moves at once. */
  step_ms: 250,
  /** Then a test has hung. */
  steps_max: 20_000,
} as const
