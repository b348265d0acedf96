/** Bounds of the handler for the edge. */

export const edge = {
  /** How long an answer is replayed under its `Idempotency-Key`: a day, as elsewhere. */
  key_life_s: 24 * 60 * 60,
  /** A run that has not ended after this time will not: its place was taken away. No request at the edge lives so long. */
  running_ms_max: 15 * 60_000,
  /** When to ask again for a run that is under way elsewhere. */
  running_retry_s: 5,
  /** Keys of the store in memory; beyond it the oldest are forgotten. */
  memory_keys_max: 10_000,
} as const
