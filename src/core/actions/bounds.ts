/** Bounds of the action server. Ours, all of them: far above any sane use, low enough that memory and disk stay bounded. */
export const bounds = {
  /** Nesting of a JSON body; arguments need four levels. */
  body_depth_max: 64,
  /** Characters of an `Idempotency-Key`. */
  key_chars_max: 255,
  /** How long a key replays its first answer. The contract fixes 24 h. */
  key_life_ms: 24 * 60 * 60_000,
  /** Keys remembered at once; a further one is refused, since forgetting one could let an action run twice. */
  keys_max: 50_000,
  /** Bytes of one answer kept for replay. */
  answer_bytes_max: 4 * 1024 * 1024,
  /** Bytes of all answers kept for replay; beyond it the oldest keep only the fact that they are done. */
  answers_bytes_max: 32 * 1024 * 1024,
  /** `idempotency.ndjson` is written anew when it is this much larger than what it has to hold. */
  journal_slack_bytes: 64 * 1024 * 1024,
  /** Characters of one argument in an audit line; ids are never cut. */
  audit_chars_max: 500,
  /** Audit lines that wait for a disk that takes them again; no action that changes something runs while any waits. */
  audit_waiting_max: 1_000,
} as const
