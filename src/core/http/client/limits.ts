/** Bounds of the door to the network. */

/** What is told of a request in the log and in a span. */
export const told_calls = {
  path_chars_max: 300,
  /** Of the id that Falcon gives an answer for its support. */
  trace_id_chars_max: 300,
} as const

/** Bodies that we send. */
export const bodies = {
  /** One larger than this goes in pieces of this size, under Bun. Smaller ones wake the runtime too often, larger ones take fresh memory. */
  piece_bytes: 256 * 1024,
} as const

/** Connections of our own to event feeds (`core/http/client/socket`). */
export const sockets = {
  /** Status line and headers of an answer; the trailers of a body as well. Node takes 16 KiB, proxies up to 64. */
  head_bytes_max: 64 * 1024,
  /** The line that tells the size of a chunk, extensions included. */
  chunk_line_chars_max: 1_024,
  /** Bytes that a socket has given and nobody has asked for, from which on it is paused: small pieces flow, a large one (Bun reads up to 512 KiB) is the only one. */
  waiting_bytes_max: 64 * 1024,
  /** After so much silence the system asks the other side whether it is still there. */
  keepalive_ms: 60_000,
} as const

/**
 * Requests at once, by what they are for, so that none can starve another (`core/http/client/pools.ts`). Bun's `fetch` carries 256
 * in all; these make 224, and several tenants share them. Feeds have sockets of their own: each costs a descriptor, of which a system gives some thousands.
 */
export const connections = {
  intake: 96,
  session: 32,
  action: 64,
  lookup: 32,
  feeds: 2_000,
  /** Of each kind for one tenant, however many share the process; together they wait for the process' own number. */
  tenant_min: 2,
  /** Of the process' connections of a kind, one in so many is for tenants whose last request of that kind was not answered. */
  unanswered_share: 4,
  /** A pool of which every connection has been in use for so long, or in which a request has waited for so long, degrades health. */
  crowded_ms: 10_000,
  /** Between two looks. */
  look_ms: 2_000,
  /** Hosts that health names then. */
  hosts_named_max: 3,
} as const
