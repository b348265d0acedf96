/** Bounds of the inventories: how answers of Falcon and Sekoia are believed and waited for. */

/** The inventories of hosts and users. */
export const assets = {
  /** Hosts looked up by id at once. Falcon allows 5000. */
  lookup_ids_max: 1_000,
  /** Between two listings of all hosts, which find those that are gone and those that a look at changes could miss. */
  reconcile_ms: 60 * 60_000,
  /** A source that has to be read as a whole may be read for this share of the time. */
  walk_share_max: 0.1,
  /** Items in one request to Sekoia. Its Python SDK sends 100. */
  batch_items_max: 1_000,
  /** The Python SDK waits 30 s as well. */
  request_ms_max: 30_000,
  response_bytes_max: 4 * 1024 * 1024,
  /** Between tries when the key or the connector is refused: nothing will change until a person acts. */
  refused_ms: 60_000,
  /** Assets refused one after the other, none accepted in between, until others are tried: when none is accepted, it is an outage. */
  refused_in_row_max: 10,
  /** Bytes of a file of known assets that are read or written at once. */
  file_part_bytes: 64 * 1024,
  /** Lines about skipped assets in one pass; the rest is counted. */
  warnings_max: 10,
} as const

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
  /** Answers in a row without a task that are not believed of an API that has named one: as many as there are retries of a post. */
  taskless_doubted: 5,
} as const

export const reading = {
  /**
   * Entities between two collections of garbage: their objects outlive the collection of young objects, and would fill the heap to three
   * times its size before the runtime looks at them again (docs/decisions/0018). 5 000 hosts leave about 25 MB.
   */
  collect_every: 5_000,
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
