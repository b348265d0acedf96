/** Bounds of the guard rails. All are ours. */
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
