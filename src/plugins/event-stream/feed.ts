/** What is read: a partition of a Falcon tenant, for as long as a session lasts. */
import type { Redacted } from "effect"
import { listing as limits } from "./limits.ts"

/** What may be read for a while: one partition, under one app id, until its session ends. */
export interface Feed {
  /** The feed's URL without its query: the partition's name in `cache.json`. */
  readonly root_url: string
  readonly url: string
  readonly token: Redacted.Redacted<string>
  readonly refresh_url: string
  /** The session ends unless it is refreshed within this. */
  readonly interval_ms: number
  readonly app_id: string
  /** By the monotonic clock. */
  readonly listed_ms: number
}

/** The last part of a root URL's path, which is the partition's number: short and plain enough for a metrics label. */
export const partitionLabel = (root_url: string): string =>
  (root_url.slice(root_url.lastIndexOf("/") + 1) || root_url).slice(-limits.name_chars_max).replaceAll(/[^\w.-]/g, "_")
