/** What the plugin counts beside what is delivered. */
import { counter } from "../../core/telemetry/metrics.ts"

export const metrics = {
  stream_opens: counter("akonis_stream_opens_total", "Feeds opened; the first one of a partition included."),
  stream_ends: counter("akonis_stream_ends_total", "Feeds that ended, by reason."),
  session_refreshes: counter("akonis_session_refreshes_total", "Session refreshes, by outcome."),
  listings: counter("akonis_stream_listings_total", "Stream listings, by outcome."),
} as const
