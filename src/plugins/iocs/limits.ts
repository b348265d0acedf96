/** Bounds of the indicator actions. Those that Falcon imposes say so; the others are ours. */
export const iocs = {
  /** Falcon's: indicators in one POST or PATCH (PSFalcon). */
  rows_per_call: 2_000,
  /** Falcon's: results of one page (PSFalcon; older falconpy documentation says 500). A shorter page is walked as well. */
  page_max: 2_000,
  /** Ids in one URL. Its length binds first: 268 ids of 64 characters. */
  ids_per_call: 1_000,
  /** A file of STIX objects; it is held in memory. */
  stix_bytes_max: 64 * 1024 * 1024,
  /** STIX objects of one push. */
  stix_objects_max: 100_000,
  /** STIX objects read before other fibers get their turn. */
  stix_objects_per_turn: 250,
  pattern_chars_max: 65_536,
  /** Brackets within brackets. */
  pattern_depth_max: 64,
  /** Refused calls of one action after which unexplained groups are no longer halved. One bad row among 2000 costs 22. */
  refusals_max: 200,
} as const
