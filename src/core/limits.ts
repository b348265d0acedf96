/**
 * The bounds that the rooms of the core share. Those of files and of our own HTTP API stand in `limits/`, others beside what they
 * bound, and a plugin brings its own: `plugins/<id>/limits.ts`. Names end in the unit: `_ms`, `_bytes`, `_chars`, `_max`.
 * Bounds that Falcon or Sekoia impose say so; the others are ours and say why they are that size.
 */

export { server, texts } from "./limits/door.ts"

/** What travels from Falcon to the intake. */
export const delivery = {
  /** Events in one intake request. The specification fixes 1000. */
  batch_events_max: 1000,
  /** Request body after JSON escaping. The intake refuses more than 10 MiB; the specification keeps a tenth in reserve. */
  batch_bytes_max: 9_437_184,
  /** How long an event may wait for its batch to fill. */
  batch_wait_ms_max: 1_000,
  /** Characters (Unicode code points, as Python's `len` counts) in one event. The intake refuses longer ones. */
  event_chars_max: 250_000,
  /** Bytes of one line kept in memory; a longer line goes to the dead letters cut at this size. */
  line_bytes_max: 8 * 1024 * 1024,
  /** Batches waiting behind the one being posted, per partition. More would only move the wait from Falcon's disk to our memory. */
  batches_waiting_max: 1,
  /** Offsets remembered per partition to tell a repeated event from one that came late. */
  recent_offsets_max: 65_536,
  /** Nesting of one event, beyond which it is no JSON for us: nothing that Falcon sends comes near, and the check needs a bound. */
  nesting_max: 1_024,
} as const

/** Waiting and trying again. */
export const retry = {
  /** Tries after the first one, for calls to the Falcon API. The specification fixes 5. */
  attempts_max: 5,
  /** First wait; it doubles each time ("backoff factor 1"). */
  backoff_ms: 1_000,
  /** Longest wait of a loop that never gives up (streams, intake). */
  backoff_ms_max: 60_000,
  /** Wait after a 429 that says nothing about when to come back. */
  rate_limited_ms: 60_000,
  /** Longest wait we accept from a `Retry-After`; a server that asks for more is asked again then. */
  retry_after_ms_max: 15 * 60_000,
} as const

/** Falcon's API. */
export const falcon = {
  /** Requests to the token endpoint. The specification fixes 10. */
  auth_per_second_max: 10,
  /** Requests to the API. The specification fixes 100, which is the whole budget of a tenant. */
  api_per_second_max: 100,
  /** Requests that may go at once; what is left of the rate per second refills steadily, so that no second sees more. */
  auth_burst_max: 5,
  api_burst_max: 10,
  /** Budget of one tenant over a sliding minute, shared by everyone who uses its API (gofalcon issue 364). */
  tenant_per_minute_max: 6_000,
  /** A token is renewed when less than this remains. The specification fixes 5 minutes. */
  token_margin_ms: 300_000,
  request_ms_max: 30_000,
  /** Five thousand whole hosts are about 25 MB. An operation that needs less says so (`Operation.bytes_max`). */
  response_bytes_max: 48 * 1024 * 1024,
  /** Answers of the token endpoint and of changes: a few lines. */
  token_bytes_max: 256 * 1024,
  /** An answer above this size is looked through before it is parsed; below it even the worst one costs less than 100 MB. */
  unparsed_bytes_max: 1024 * 1024,
  /** Ten thousand hosts have about 2 million values, four levels deep. */
  json: { depth_max: 128, values_max: 3_000_000, keys_max: 50_000 },
  /** Pages walked by one call: a guard, not a limit anybody should meet. */
  pages_max: 10_000,
  /**
   * Characters of an `ids=` query before it is split. PSFalcon goes to 18 500, but many proxies take no more than 16 KiB of
   * request line and headers, and the token needs some of it.
   */
  query_chars_max: 13_000,
  /** Of Falcon's own words in one error; the rest is cut. */
  error_chars_max: 500,
  /** Of an id that Falcon names in an error, and of a trace id. Ours are at most 200 long, a vertex id is below 100. */
  id_chars_max: 300,
  /** Errors of one answer that are read. No call carries more ids or rows. */
  errors_max: 10_000,
  /** A token answer without a usable `expires_in` counts as this long; Falcon's tokens live 1799 s. */
  token_life_ms: 1_799_000,
  token_life_ms_max: 24 * 60 * 60_000,
  /** A failed token request answers everybody who asks within this time, so that a wrong secret is not hammered. */
  token_failure_ms: 5_000,
  token_redirects_max: 3,
  /** How long the first token may be waited for before health says so. */
  token_told_ms: 4_000,
  /** The window over which Falcon counts a tenant's requests; what an older answer said about it is void. */
  budget_window_ms: 60_000,
  /** Below this share of the tenant's budget others are spending it too: our requests keep `budget_low_gap_ms` apart. */
  budget_low_share: 0.1,
  budget_low_gap_ms: 50,
  /** The last requests of a budget; both steps are gofalcon's. */
  budget_last: [
    { remaining_max: 5, gap_ms: 500 },
    { remaining_max: 10, gap_ms: 200 },
  ],
} as const

/** Sekoia's intake. */
export const intake = {
  /** The Python module waits 30 s as well. */
  request_ms_max: 30_000,
  response_bytes_max: 4 * 1024 * 1024,
  /** Failures in a row that health does not report, unless the next try is further away than the time below. */
  silent_failures_max: 1,
  silent_wait_ms_max: 10_000,
  /** Events refused alone, none accepted in between, until the intake counts as one that refuses everything. */
  refused_in_row_max: 5,
  /** The most that `refused_in_row_max` is doubled to in a long run of events that the intake does refuse. */
  refused_in_row_most: 1_000,
  /** Events of different places tried without success before one that was delivered is posted again to find out. */
  probes_max: 8,
} as const

/** Enriched events and their source events (`core/delivery/enrichment-queue.ts`), per partition. */
export const enrichment_queue = {
  /** Events that may stay uncommitted behind an unfinished enrichment, and so come again after a crash. */
  events_behind_max: 10_000,
  /** Enrichments at once; the others wait. */
  concurrency_max: 8,
  /** How long a stopping process waits for them once all events are delivered; with `drain_ms_max` below 5 s. */
  drain_ms_max: 1_000,
  /** And for the disk to take the dead letters of those that did not finish: on a full one the events come again instead. */
  record_ms_max: 300,
  /** For one source event that `akonis dead-letters replay` enriches again. */
  replay_ms_max: 120_000,
} as const

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
  /** Assets refused one after the other, none accepted in between, until the whole batch counts as refused for another reason. */
  refused_in_row_max: 10,
  /** Bytes of a file of known assets that are read or written at once. */
  file_part_bytes: 64 * 1024,
  /** Lines about skipped assets in one pass; the rest is counted. */
  warnings_max: 10,
} as const

/** Arguments of actions. Ours: far above any sane call, low enough that a mistake cannot fill the memory. */
export const action_args = {
  /** Ids of one action; more than one call to Falcon carries are split. */
  ids_max: 50_000,
  id_chars_max: 200,
  fql_chars_max: 8_192,
  /** Results of one action, over all pages. */
  results_max: 50_000,
  cursor_chars_max: 1_024,
  /** A comment on alerts; Falcon names no limit. */
  comment_chars_max: 10_000,
} as const

/** Bulk calls on ids: how long a refused call is bisected to find the bad id. */
export const by_ids = {
  /** Refused calls of one action, after which ids that a refusal says nothing about share it. One bad id among 5000 costs 13. */
  refusals_max: 200,
  /** Refused calls of one action in a row, after which the search for the bad id ends: everything may be refused, and not a thousand bad ids. */
  refusals_in_row_max: 40,
} as const

/** The action server. Ours, all of them: far above any sane use, low enough that memory and disk stay bounded. */
export const actions = {
  /** Falcon's errors in one problem document: all of one call's. */
  upstream_errors_max: 500,
  /** The name of an argument in a problem document, how many of them, and its detail, which quotes three errors of Falcon. */
  field_chars_max: 200,
  field_errors_max: 100,
  detail_chars_max: 4_000,
  /** A JSON body: arguments need four levels, 50 000 rows of indicators have 750 000 values, no object has a hundred keys. */
  body: { depth_max: 64, values_max: 1_500_000, keys_max: 1_000 },
  /** Characters of an `Idempotency-Key`. */
  key_chars_max: 255,
  /** How long a key replays its first answer. The contract fixes 24 h. */
  key_life_ms: 24 * 60 * 60_000,
  /** Bytes of one answer kept for replay. */
  answer_bytes_max: 4 * 1024 * 1024,
  /** Bytes of all answers kept for replay; beyond it the oldest keep only the fact that they are done. */
  answers_bytes_max: 32 * 1024 * 1024,
  /** `idempotency.ndjson` is written anew when it is this much larger than what it has to hold. */
  journal_slack_bytes: 64 * 1024 * 1024,
  /** Characters of one argument in an audit line; ids are never cut. */
  audit_chars_max: 500,
} as const
