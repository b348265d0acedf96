/** Bounds of the module's runtime. Those of the protocol are the SDK's (SEKOIA-IO/sekoia-automation-sdk). */

/** What the runtime hands over. */
export const settings = {
  /** One value: arguments may hold a list of STIX objects, up to 64 MiB as a file of them. */
  value_bytes_max: 64 * 1024 * 1024,
} as const

/** Calls to the platform. */
export const platform_call = {
  /** The SDK waits so long for an answer. */
  request_ms_max: 30_000,
  /** Secrets, and nothing else that is read. */
  answer_bytes_max: 1024 * 1024,
  /** Tries in all (SDK, module.py and trigger.py). */
  attempts_max: 10,
  /** Longest wait between two tries to fetch the secrets of a connector (SDK, trigger.py). */
  secrets_wait_ms_max: 10_000,
} as const

/** Log lines that the platform shows. */
export const logs = {
  /** Lines in one request (SDK, `LOGS_MAX_BATCH_SIZE`). */
  batch_lines_max: 50,
  /** How long a line may wait for others (SDK, `LOGS_MAX_DELTA`). */
  batch_wait_ms_max: 5_000,
  /** Lines kept while the platform does not take them; older ones are dropped and counted. */
  kept_lines_max: 2_000,
  /** What is left is sent for so long at the end: the runtime kills a container that does not stop. */
  last_ms_max: 8_000,
  /** Lines of one action; it is the last ones that tell how it ended. */
  action_lines_max: 500,
} as const

/** What a playbook is told of a run that did not wholly work. */
export const told = {
  error_chars_max: 4_000,
  errors_max: 20,
} as const

/** Waiting after a configuration that cannot be used: the platform stops a connector that has logged something critical (SDK, `_STOP_EVENT_WAIT`). */
export const stop_wait_ms = 120_000

/** One cycle of an inventory on an on-premise runner. */
export const on_premise = {
  /** The platform takes a run for failed after two hours (SDK, asset_connector/action.py): it stops before. */
  run_ms_max: 100 * 60_000,
  /** Failures in a row after which the run ends as failed in place of waiting on. */
  failures_max: 5,
} as const

/** Where the runtime looks whether a connector lives, and where metrics are read (SDK, trigger.py). */
export const ports = { liveness: 8_000, metrics: 8_020 } as const

/** Journals of runs that are over. */
export const journals = {
  /** A key is remembered for a day; a run is not started again after that. */
  age_ms_max: 2 * 24 * 3_600_000,
  /** How many are looked at when a run starts: a folder that is full of them empties over a few runs. */
  looked_at_max: 200,
} as const

/** The data path where it is a bucket. */
export const bucket = {
  request_ms_max: 30_000,
  /** One object: the ids of 500 000 hosts. */
  object_bytes_max: 64 * 1024 * 1024,
  /** Tries in all, and the longest wait between two (SDK, storage.py). */
  attempts_max: 10,
  wait_ms_max: 6_000,
  /** Between two writings of what has changed: so much is delivered again at most when a container is lost. */
  write_back_ms: 2_000,
  /** For the last writing: the runtime kills a container that does not stop. */
  last_ms_max: 8_000,
} as const
