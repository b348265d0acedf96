/**
 * The bounds that several rooms share; all others stand in the `limits.ts` of the room or the plugin that they bound. Names end in the
 * unit: `_ms`, `_bytes`, `_chars`, `_max`. Bounds that Falcon or Sekoia impose say so; the others are ours and say why they are that size.
 */

/** Waiting and trying again. */
export const retry = {
  /** Tries after the first one, for calls to the Falcon API. The specification fixes 5. */
  attempts_max: 5,
  /** First wait; it doubles each time ("backoff factor 1"). */
  backoff_ms: 1_000,
  /** Longest wait of a loop that never gives up (streams, intake). */
  backoff_ms_max: 60_000,
  /** Wait after a 429 that says nothing about when to come back. */
  rate_limited_ms: 60_000,
  /** Longest wait we accept from a `Retry-After`; a server that asks for more is asked again then. */
  retry_after_ms_max: 15 * 60_000,
} as const

/** Text that others wrote, once it is cleaned (`core/text.ts`). */
export const texts = {
  /** Of the words of a server that is not Falcon: the intake, the asset API, a proxy. */
  answer_chars_max: 200,
  /** Of what a caller asked for and there is not: a path, a parameter. */
  asked_chars_max: 200,
  /** Of the name of a host in an error: a domain name has at most 253 characters. */
  host_chars_max: 260,
  /** Of one cell of health, and of all cells of one plugin: `/health` is open to everybody, and 1000 partitions may fail at once. */
  cell_chars_max: 1_000,
  health_chars_max: 8_000,
  /** Of the name of a health cell; that of a partition is a URL. */
  part_chars_max: 300,
} as const
