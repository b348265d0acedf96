/** Bounds of our own HTTP API. */

/** Our own HTTP API. */
export const server = {
  body_bytes_max: 10 * 1024 * 1024,
  /** A connection on which no request is being answered: silent, kept open for the next one, or with half of its headers. */
  idle_s_max: 30,
  /** From the headers to the last byte of a body. */
  body_ms_max: 30_000,
  /** A body up to this size is not counted against the bytes of all bodies in memory; of larger ones two of the largest fit. */
  small_body_bytes_max: 64 * 1024,
  bodies_bytes_max: 20 * 1024 * 1024,
  body_retry_s: 2,
  /** Requests that are being answered at once, in all and for one address: a reverse proxy is one. Health is never refused. */
  requests_max: 1_000,
  requests_per_peer_max: 500,
  requests_retry_s: 2,
  /** The form of `/docs/login` carries one token. */
  login_bytes_max: 16 * 1024,
  /** Characters of a bearer token: fewer can be guessed. */
  token_chars_min: 16,
  /** A browser that logged in on `/docs` reads for a working day. Where so many do, the oldest logins make room. */
  login_life_ms: 8 * 60 * 60_000,
  logins_max: 1_000,
  /** A session of MCP lives until its client ends it, and many never do: past so many, all are dropped and clients open new ones. */
  mcp_sessions_max: 10_000,
  /** How long a stopping process waits for what has been read to be delivered. */
  drain_ms_max: 3_500,
  /** From the signal to the end of the process, whatever does not end: a disk may not answer. Kubernetes kills after 30 s, systemd after 90. */
  stop_ms_max: 20_000,
  /** How long a stopping process leaves connections open whose requests are being answered; with what is delivered meanwhile it ends within 5 s. */
  answered_ms_max: 1_000,
} as const

/** The file descriptors of the process, which callers and delivery share. */
export const descriptors = {
  /** Between two looks: two calls of the kernel each. */
  look_ms: 250,
  /** Stay free for delivery: 224 requests at once (`connections`) and a few files. At most a quarter of the limit. */
  reserve: 256,
  /** Of a limit above this no more is used: 2 000 feeds, and some thousand callers, each a few kilobytes of memory. */
  counted_max: 8_192,
  /** How long the port stays shut when they ran short, at first and at most; it doubles each time until they were not short for so long. */
  shut_ms: 500,
  shut_ms_max: 30_000,
  calm_ms: 60_000,
} as const
