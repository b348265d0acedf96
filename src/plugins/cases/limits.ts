/** Bounds of the cases, by falconpy, gofalcon and falcon-mcp where they name one. */
export const cases = {
  /** Cases in one lookup. No maximum is documented; falcon-mcp looks up 500 at most. */
  per_call: 500,
  /** Falcon's maximum of one page (falconpy). */
  page_max: 10_000,
  /** Where a search may begin: ours, far above any tenant's cases. */
  offset_max: 100_000_000,
  /** Falcon's (falcon-mcp). */
  name_chars_max: 256,
  description_chars_max: 2_048,
  /** Falcon's, of all tags of a case together (falcon-mcp). */
  tags_chars_max: 128,
  /** Falcon's, of all evidence of a case together (falcon-mcp). */
  evidence_max: 100,
  /** Words to search for; Falcon names no limit. */
  text_chars_max: 1_000,
} as const
