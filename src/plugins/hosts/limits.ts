/** Bounds of the actions on hosts. */
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

/** What Falcon takes in one call of the host actions: maxima by falconpy and PSFalcon. */
export const per_call = {
  host_details: 5_000,
  host_online_state: 100,
  host_login_history: 10,
  host_visibility: 100,
  host_actions: 500,
  /** Hosts in one page of a search. */
  hosts_page: 10_000,
} as const
