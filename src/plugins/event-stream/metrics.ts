/** What the plugin counts beside what is delivered. */
import { counter } from "../../core/telemetry/metrics.ts"

export const metrics = {
  stream_opens: counter("akonis_stream_opens_total", "Feeds opened; the first one of a partition included."),
  stream_ends: counter("akonis_stream_ends_total", "Feeds that ended, by reason."),
  not_routed: counter(
    "akonis_events_not_routed_total",
    "Events read whose type Sekoia's parser does nothing with: they arrive with their text alone. By `event_type`: 50 by name, those beyond as `(other types)`, those without one as `(no type)`.",
  ),
  session_refreshes: counter("akonis_session_refreshes_total", "Session refreshes, by outcome."),
  listings: counter("akonis_stream_listings_total", "Stream listings, by outcome."),
} as const
