/** Bounds of the inventories: how answers of Falcon and Sekoia are believed and waited for. */

/** What Sekoia does with assets after it has taken them; the times are those of its Python SDK (asset_connector/mixin.py). */
export const task = {
  /** From the post to the first question after its task; it doubles from there. */
  first_wait_ms: 1_000,
  wait_ms_max: 5_000,
  /** A task that is not finished by then counts as failed. */
  life_ms_max: 300_000,
  request_ms_max: 30_000,
  /** Times that assets are sent again at once when their task fails; then fewer of them at a time. */
  retries_max: 2,
} as const

export const reading = {
  /** One page counts for no longer than one request may take: what is above it was waiting, for a rate limit or an outage. */
  page_ms_max: 30_000,
  /** Longest pause after a source that is read as a whole, however long that took. */
  pause_ms_max: 15 * 60_000,
} as const

export const listing = {
  /** When a list lacks more than this share of all assets at once, the list is doubted. */
  doubted_share: 0.5,
  /** Further listings that must say the same until it is believed. */
  doubted_again: 4,
} as const

/** Characters of an asset's id. Falcon's have 32 or 36; a longer one would only fill the memory. */
export const id_chars_max = 256

export const groups = {
  /** While host groups cannot be read and none are known, hosts wait this long; then they are sent with ids for names. */
  patience_ms: 5 * 60_000,
} as const
