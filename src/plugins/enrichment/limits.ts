/** Bounds of the enrichment. Those that Falcon imposes say so; the others are ours. */

/** Vertices around detections. */
export const enrichment = {
  /**
   * Its share of the tenant's 100 requests a second and 6 000 a minute, so that actions and streams always find some left:
   * at most 33 a second in the long run, which makes 1 987 in any minute.
   */
  api_per_second_max: 40,
  api_burst_max: 7,
  /** Calls made at once, and processes whose edges are walked at once: the first to come are the first to be done. */
  calls_at_once_max: 8,
  walks_at_once_max: 4,
  /** How long lookups wait for others that fit into the same call: some turns of the share, so that a storm gathers. */
  batch_wait_ms: 200,
  /** Composite ids in one call; PSFalcon keeps to the same figure. Detection ids as well. */
  alerts_per_call: 1_000,
  /** Vertices in one call (PSFalcon), and edges in one page (gofalcon). */
  vertices_per_call: 100,
  edges_per_page: 100,
  /** Calls for vertices that would fit into one, when Falcon refuses that: enough to find one bad id among a hundred. */
  calls_per_group_max: 24,
  /** Edges taken of one type at one process; a scanner asks for thousands of names. */
  edges_per_type_max: 1_000,
  /** Vertices sent after one detection. */
  vertices_per_detection_max: 5_000,
  /** A detection that has cost this many calls looks at no further processes: twice the edge types, twice over. */
  calls_per_detection_max: 1_200,
  /** What is remembered. The processes of a detection never change; edges and vertices grow while a process runs. */
  detections_cached_max: 10_000,
  detection_life_ms: 60 * 60_000,
  processes_cached_max: 10_000,
  edges_cached_max: 200_000,
  edges_life_ms: 15 * 60_000,
  vertices_cached_max: 50_000,
  vertices_cached_chars_max: 32 * 1024 * 1024,
  vertex_life_ms: 15 * 60_000,
  /** The list of edge types, and what was learned about single types, are good for a day. */
  edge_types_life_ms: 24 * 60 * 60_000,
  /** Edge types refused by Falcon before any is answered: then it is the process that it does not know. */
  refused_first_max: 5,
  /** Processes at which a type is refused, one after the other, until it is left out: a single refusal may be a mishap. */
  refusals_max: 3,
  /** Kinds of vertices that are not collected: logged once each, up to so many; what comes after them is only counted. */
  kinds_logged_max: 100,
  /** After a missing scope, when it is tried again. */
  forbidden_ms: 15 * 60_000,
  /** While an API does not work, when a call finds out whether it does again; just after it may be tried again. */
  probe_ms: 15 * 60_000 + 1_000,
  /** Failures in a row after which Falcon is left alone, and for how long. */
  breaker_failures: 5,
  breaker_open_ms: 30_000,
  /** While one call finds out whether Falcon is back, the others look again after this time. */
  breaker_probe_ms: 1_000,
  /** Processes without an edge of a type before it counts as rare among them; every n-th is still asked for it. */
  rare_after: 50,
  rare_every: 20,
  /** With more detections than this being enriched, rare edge types are left out. */
  unhurried_max: 4,
} as const
