/** When to look again whether a file can be used. */
import { folder_watch } from "./limits.ts"

/**
 * Milliseconds before the next look, after so many that were in vain: a file waits for a person, so 30 s; what processes share lies in the database
 * of a cluster and waits for a moment, so one second at first, and twice as long after each.
 */
export const lookAgainMs = (tries: number, { is_shared }: { readonly is_shared: boolean }): number =>
  is_shared
    ? Math.min(folder_watch.retry_ms, folder_watch.shared_retry_ms * 2 ** Math.min(tries, 30))
    : folder_watch.retry_ms
