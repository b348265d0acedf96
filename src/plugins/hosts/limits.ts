/** Bounds of the actions on hosts; what Falcon takes in one call of the specification's actions stands in `core/limits.ts`. */
export const hosts = {
  /** Falcon's, of one call that tags hosts (falconpy `UpdateDeviceTags`). */
  tagged_per_call: 5_000,
  tags_max: 50,
  /** Ours: gofalcon names no limit. */
  tag_chars_max: 256,
  /** Names looked up by one action, and characters of one: NetBIOS, DNS and IPv6 need fewer. */
  names_max: 1_000,
  name_chars_max: 253,
  /** Names in one filter: with all of them at their longest it still fits into a URL. */
  names_per_call: 20,
  /** Whole hosts in one page: about 5 MB. */
  found_page: 1_000,
  /** Hosts of one name that its error lists. */
  listed_max: 5,
} as const
