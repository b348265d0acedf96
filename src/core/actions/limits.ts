/** Bounds of actions. */

/** The action server. Ours, all of them: far above any sane use, low enough that memory and disk stay bounded. */
export const actions = {
  /** Falcon's errors in one problem document: all of one call's. */
  upstream_errors_max: 500,
  /** The name of an argument in a problem document, how many of them, and its detail, which quotes three errors of Falcon. */
  field_chars_max: 200,
  field_errors_max: 100,
  detail_chars_max: 4_000,
  /** A JSON body: arguments need four levels, 50 000 rows of indicators have 750 000 values, no object has a hundred keys. */
  body: { depth_max: 64, values_max: 1_500_000, keys_max: 1_000 },
  /** Characters of an `Idempotency-Key`. */
  key_chars_max: 255,
  /** How long a key replays its first answer. The contract fixes 24 h. */
  key_life_ms: 24 * 60 * 60_000,
  /** Bytes of one answer kept for replay. */
  answer_bytes_max: 4 * 1024 * 1024,
  /** Bytes of all answers kept for replay; beyond it the oldest keep only the fact that they are done. */
  answers_bytes_max: 32 * 1024 * 1024,
  /** `idempotency.ndjson` is written anew when it is this much larger than what it has to hold. */
  journal_slack_bytes: 64 * 1024 * 1024,
  /** Characters of one argument in an audit line; ids are never cut. */
  audit_chars_max: 500,
} as const

/** Arguments of actions. Ours: far above any sane call, low enough that a mistake cannot fill the memory. */
export const action_args = {
  /** Ids of one action; more than one call to Falcon carries are split. */
  ids_max: 50_000,
  id_chars_max: 200,
  fql_chars_max: 8_192,
  /** Results of one action, over all pages. */
  results_max: 50_000,
  cursor_chars_max: 1_024,
  /** A comment on alerts; Falcon names no limit. */
  comment_chars_max: 10_000,
} as const

/** Bulk calls on ids: how long a refused call is bisected to find the bad id. */
export const by_ids = {
  /** Refused calls of one action, after which ids that a refusal says nothing about share it. One bad id among 5000 costs 13. */
  refusals_max: 200,
  /** Refused calls of one action in a row, after which the search for the bad id ends: everything may be refused, and not a thousand bad ids. */
  refusals_in_row_max: 40,
} as const

/** The guard rails. All bounds are ours. */
export const guards = {
  /** The hour that `hosts_per_hour_max` counts over. */
  hour_ms: 60 * 60_000,
  /**
   * Hosts that were counted so short a time ago are not written down again, and so count that much longer: a run that repeats
   * itself every second leaves one line a minute.
   */
  recount_ms: 60_000,
  /** A file of counted hosts: a hundred times what an hour of cautious use holds. A larger one stops all changes of hosts. */
  file_bytes_max: 64 * 1024 * 1024,
  /** Files of earlier hours are removed after so many. */
  hours_kept: 3,
  /** Hosts looked at in one call, to find the protected ones among them; Falcon's maximum. */
  looked_at_per_call: 5_000,
  /** Hosts held against `protected.filter` in one call: their ids travel in the URL. */
  filtered_per_call: 100,
  /** How long a run waits for a second person, how many may wait, and how large one is: a request body at most. */
  approval_life_ms: 30 * 60_000,
  approvals_max: 100,
  approval_bytes_max: 16 * 1024 * 1024,
  /** Hosts that a refusal names. */
  named_max: 20,
} as const

/** Actions that are waited for. All bounds are ours. */
export const waits = {
  /** How long a request is kept open; what takes longer is a run that `GET /runs/:id` tells of. */
  request_s_max: 60,
  /** How long anybody may wait: a host that is offline does what it is told when it comes back, or never. */
  wait_s_max: 24 * 60 * 60,
  /** Between two looks at the hosts: doubled each time. */
  look_ms: 2_000,
  look_ms_max: 60_000,
  /** Hosts looked at in one call; Falcon's maximum. */
  looked_at_per_call: 5_000,
  /** Runs that are kept, how long, and how large one is. */
  runs_max: 1_000,
  run_life_ms: 24 * 60 * 60_000,
  run_bytes_max: 32 * 1024 * 1024,
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
  /** Of lines that cannot be read, the newest, searched for the keys that stood in them. */
  damaged_chars_max: 1024 * 1024,
} as const
