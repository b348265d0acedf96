/** Bounds of the inventory of hosts. Those that Falcon imposes say so; the others are ours. */
export const devices = {
  /** Hosts asked for at once. Falcon allows 10 000 (falconpy); a thousand whole hosts are about 5 MB. */
  hosts_page: 1_000,
  /** Ids asked for at once when all are listed. Falcon's maximum of the scroll (falconpy). */
  ids_page: 10_000,
  /** Host groups asked for at once. Falcon's maximum. */
  groups_page: 5_000,
  /** How far behind the last seen change the next look begins: Falcon's index of hosts may be that late. */
  overlap_ms: 5 * 60_000,
} as const
