/** Bounds of traces. All are ours. */
export const tracing = {
  /** Finished spans that wait for the collector; what comes beyond is dropped and counted. A span takes about 1 kB. */
  spans_waiting_max: 4_096,
  /** Spans of one post. */
  spans_per_post_max: 512,
  /** How often what waits is posted; at once when it fills a post. */
  post_every_ms: 5_000,
  /** Of one try. A collector that hangs holds up other spans for so long, and nothing else. */
  request_ms_max: 10_000,
  /** Tries of one post; then its spans are dropped. */
  attempts_max: 3,
  /** Of a collector's answer: an object with a sentence in it at most. */
  answer_bytes_max: 64 * 1024,
  /** How long a process that ends waits for the last post. */
  close_ms_max: 2_000,
  /** Of a text in a span. */
  text_chars_max: 256,
} as const
