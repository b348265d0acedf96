/** The indicator actions. Bounds that Falcon imposes say so; the others are ours. */
export const iocs = {
  /** Falcon's: indicators in one POST or PATCH (PSFalcon). */
  rows_per_call: 2_000,
  /** Falcon's: results of one page (PSFalcon; older falconpy documentation says 500). A shorter page is walked as well. */
  page_max: 2_000,
  /** Falcon's: where a page may begin by number (falconpy); beyond it only `after` leads on. */
  offset_max: 10_000,
  /** Rows of one action: 25 calls' worth. */
  rows_max: 50_000,
  /** Ids in one URL. Its length binds first: 188 ids of 64 characters. */
  ids_per_call: 1_000,
  /** A domain name has at most so many (RFC 1035); hashes and addresses are shorter. */
  value_chars_max: 253,
  /** A value as it is given: blanks around it, or an international name whose letters take two characters each. */
  given_chars_max: 2_048,
  /** A file of STIX objects; it is held in memory. */
  stix_bytes_max: 64 * 1024 * 1024,
  /** STIX objects of one push. */
  stix_objects_max: 100_000,
  /** Of Falcon's words about one row. */
  reason_chars_max: 500,
  /** Different reasons in the message of a push that could use nothing. */
  reasons_max: 5,
  /** STIX objects read before other fibers get their turn. */
  stix_objects_per_turn: 250,
  pattern_chars_max: 65_536,
  /** Brackets within brackets. */
  pattern_depth_max: 64,
  /** Refused calls of one action after which unexplained groups are no longer halved. One bad row among 2000 costs 22. */
  refusals_max: 200,
} as const
