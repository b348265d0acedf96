/** Bounds of the event streams. Those that Falcon imposes say so; the others are ours. */

/** Falcon's event streams. */
export const stream = {
  /** From request to response headers of a feed. */
  open_ms_max: 60_000,
  /** Silence, keepalives included, after which a feed counts as dead. Other clients use 60 s to 120 s. */
  read_idle_ms_max: 120_000,
  /** Between two looks at an empty listing. */
  empty_listing_ms: 10_000,
  /** App ids taken in turn while earlier ones are still held. */
  app_ids_max: 4,
  /** Between two listings that look for new partitions; a spare app id is free again after 30 minutes. */
  relist_ms: 15 * 60_000,
  /** Between two looks whether all is delivered of a partition that Falcon no longer lists. */
  delivered_look_ms: 1_000,
  /** Events in a row not above the offset read before, after which health says so. A resume repeats a few at most. */
  repeated_in_row_max: 10_000,
  /** A connection that lived this long ends the growth of the backoff. */
  settled_ms: 10_000,
} as const

/** What a listing may hold. Falcon lists a handful of partitions; what is far beyond that is a mistake or an attack. */
export const listing = {
  /** Partitions read at once. Each costs a connection, and about 20 KB while it is quiet; a tenant has fewer than ten. */
  partitions_max: 1_000,
  /** Characters of a feed's or refresh URL; those of Falcon have about 150. */
  url_chars_max: 2_048,
  /** Characters of a session token; Falcon's have about 100, and one request header takes 8 KiB of most servers. */
  token_chars_max: 4_096,
  /** Characters of a partition's name in labels, logs and health; Falcon's are numbers. */
  name_chars_max: 40,
  /** Entries that cannot be used, and errors beside the list, that are told one by one; the others are counted. */
  complaints_max: 5,
} as const

/** How often a session is refreshed, whatever Falcon says. */
export const interval = {
  /** Used where Falcon gives none that makes sense: a third of its 1800 s, so that a session of half that length lives, too. */
  fallback_ms: 600_000,
  /** Falcon's own; where it says more, refreshing that often does no harm. */
  ms_max: 1_800_000,
  /** The shortest that is believed. */
  ms_min: 2_000,
  /** Refreshes of all partitions together, a tenth of the tenant's budget: with many partitions no interval may be as short. */
  refreshes_per_minute_max: 600,
} as const

/** The sessions of a partition. */
export const session = {
  /** Answers in a row that are no feed, or say that another reads it, after which the streams are listed again. */
  useless_max: 3,
  /** Sessions that Falcon ends within this time, so many in a row: somebody else takes them away. */
  short_ms_max: 2 * 60_000,
  short_max: 3,
} as const

/** The ring of app ids. */
export const app_ids = {
  /** How long a session that nobody refreshes may hold its app id: 30 minutes, and some more for Falcon to notice. */
  held_ms_max: 35 * 60_000,
  /** Ids of the ring under which no partition reads, below which all partitions move to the newest one. */
  free_min: 2,
} as const
