/** Bounds of Flight Control: the children of a parent that are tenants here. */
export const flight_control = {
  /** Between two listings. A customer that is new has waited for a contract: minutes do not matter. */
  list_ms: 300_000,
  /** Between listings while one is not believed, or could not be had; those that a reload brings earlier count as one. */
  doubt_ms: 60_000,
  /** Listings in a row that must lack a child until it is stopped: the pages of a list that changes may leave one out. */
  absences_max: 2,
  /** Listings in a row that must lack more than half of the children, or all, until that is believed. */
  collapses_max: 5,
  /** Ids of a page. PSFalcon takes up to 5000; a short page costs less when it has to be repeated. */
  page: 100,
  /** Ids of one question for names: no source tells a maximum. */
  details: 500,
  /** Children of one parent: each needs a feed, and a process reads no more. */
  children_max: 2_000,
  /** Of the name of a customer, and of how many of them a text names. */
  name_chars_max: 100,
  named_max: 10,
} as const
