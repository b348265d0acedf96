/** Bounds of the calls to Falcon. Those that Falcon imposes say so. */

/** Falcon's API. */
export const falcon = {
  /** Requests to the token endpoint. The specification fixes 10. */
  auth_per_second_max: 10,
  /** Requests to the API. The specification fixes 100, which is the whole budget of a tenant. */
  api_per_second_max: 100,
  /**
   * Requests for tokens of all tenants of a process, where it has several: Falcon counts 300 a minute for one source address (gofalcon issue
   * 364), whoever they are for. With the burst these are at most 245, which leaves some to others behind our address.
   */
  process_auth_per_second_max: 9,
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
  /** A shorter life would cost a request for a token with every call; a token that ends before is renewed after the 401. */
  token_life_ms_min: 10_000,
  /** Of a token: a header that is longer is refused by servers. Falcon's have some 1 300 characters. */
  token_chars_max: 8_192,
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
