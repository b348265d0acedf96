/** Bounds of actions that are waited for. All are ours. */
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
