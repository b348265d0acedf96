/** Bounds of `akonis check`. All are ours. */
export const checking = {
  /** One row. A server that has not answered by then is told as silent; the next row begins. */
  row_ms_max: 10_000,
  /** Between two lines that say which row is still being waited for: nobody looks at a silent terminal for longer than 3 s. */
  told_ms: 2_500,
  /** Difference to Falcon's clock. Times in audit lines and dead letters are off by it; certificates fail when it is large. */
  skew_warning_ms: 60_000,
  skew_failed_ms: 10 * 60_000,
  /** Of an answer whose words do not matter. */
  answer_bytes_max: 256 * 1024,
} as const
