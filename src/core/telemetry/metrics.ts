/**
 * The metrics of the core; a plugin declares its own. All but one carry the label `tenant`; names follow Prometheus' conventions (base units,
 * `_total` for counters). The reference page is made from this table.
 */
import { Metric } from "effect"

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const sizes = [1, 10, 50, 100, 250, 500, 1_000]

/** A counter that only grows. */
export const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

/** A value that goes up and down. */
const gauge = (name: string, description: string) => Metric.gauge(name, { description })

/** How long something takes, in seconds. */
const timing = (name: string, description: string) => Metric.histogram(name, { description, boundaries: seconds })

export const metrics = {
  build_info: gauge(
    "akonis_build_info",
    "Always 1; its labels say what runs: version, commit, built (the time of the commit). It has no label `tenant`.",
  ),
  actions: counter(
    "akonis_actions_total",
    "Runs of actions with arguments that are right, by action and outcome: success, partial, dry_run, replayed, refused (4xx), failed (5xx), interrupted.",
  ),
  action_seconds: timing(
    "akonis_action_seconds",
    "Time of a run of an action, by action; dry runs and refusals before anything was sent are left out.",
  ),
  http_seconds: timing(
    "akonis_http_request_seconds",
    "Time of a request to our own API until its answer begins, by method, route and status. No label `tenant`.",
  ),
  falcon_seconds: timing(
    "akonis_falcon_request_seconds",
    "Time of one request to Falcon's API, every try counted, by operation and outcome: its status, or why there was none.",
  ),
  plugin_status: gauge(
    "akonis_plugin_status",
    "1 for the status that a plugin has in `GET /health`, 0 for the others, by plugin and status. What belongs to no tenant, such as `flight-control`, has no label `tenant`.",
  ),
  dead_letters_pending: gauge("akonis_dead_letters_pending", "Dead letters on the disk that were not replayed."),
  events_in: counter("akonis_events_in_total", "Events read from Falcon, repeats left out."),
  bytes_in: counter("akonis_bytes_in_total", "Bytes of those events."),
  events_out: counter(
    "akonis_events_out_total",
    "Events of Falcon that the intake has taken; vertices have a counter of their own.",
  ),
  bytes_out: counter("akonis_bytes_out_total", "Bytes of those events as posted, escaped."),
  unacknowledged: counter(
    "akonis_events_unacknowledged_total",
    "Events in posts that the intake has taken without naming an id for each.",
  ),
  dead_letters: counter("akonis_dead_letters_total", "Events recorded as dead letters, by reason."),
  repeated: counter("akonis_events_repeated_total", "Events that Falcon sent again and that were dropped."),
  late: counter("akonis_events_late_total", "Events that came out of order and were delivered."),
  source_events: counter(
    "akonis_source_events_total",
    "Source events whose enrichment is over, by outcome: enriched or dead_lettered.",
  ),
  source_events_open: gauge("akonis_source_events_open", "Source events whose enriched events are not posted yet."),
  lag: gauge(
    "akonis_event_lag_seconds",
    "Age of the newest event of the last delivered batch (now - eventCreationTime).",
  ),
  committed_offset: gauge("akonis_committed_offset", "Last offset stored in cache.json."),
  batch_events: Metric.histogram("akonis_batch_events", {
    description: "Events per intake request.",
    boundaries: sizes,
  }),
  intake_seconds: timing("akonis_intake_request_seconds", "Time of an intake request that was accepted."),
  intake_retries: counter(
    "akonis_intake_retries_total",
    "Intake requests that failed and were tried again, by reason.",
  ),
  falcon_budget_remaining: gauge(
    "akonis_falcon_budget_remaining",
    "Requests that Falcon said last are left of the tenant's minute.",
  ),
  falcon_budget_limit: gauge(
    "akonis_falcon_budget_limit",
    "Requests that the tenant has in a minute, as Falcon said last.",
  ),
  falcon_retries: counter(
    "akonis_falcon_retries_total",
    "Falcon API calls that failed and were tried again, by operation and reason.",
  ),
  falcon_rate_limit_waits: counter(
    "akonis_falcon_rate_limit_waits_total",
    "Times that Falcon answered 429, by operation.",
  ),
  falcon_rate_limit_seconds: counter("akonis_falcon_rate_limit_seconds_total", "Seconds waited because of a 429."),
  token_renewals: counter("akonis_falcon_token_renewals_total", "OAuth2 tokens fetched."),
  spans: counter(
    "akonis_spans_total",
    "Spans of traces, by outcome: exported, or dropped because the collector did not take them. No label `tenant`.",
  ),
  requests_waiting: gauge(
    "akonis_requests_waiting",
    "Requests that wait for a connection, by purpose: intake, session, action or lookup.",
  ),
  assets_sent: counter("akonis_assets_sent_total", "Assets that Sekoia has accepted, by plugin."),
  assets_unchanged: counter("akonis_assets_unchanged_total", "Assets read and not sent again, by plugin."),
  assets_skipped: counter(
    "akonis_assets_skipped_total",
    "Assets that could not be mapped or that Sekoia refused, by plugin and reason (unmappable, refused).",
  ),
  assets_removed: counter("akonis_assets_removed_total", "Assets that have disappeared from Falcon, by plugin."),
  assets_known: gauge("akonis_assets_known", "Assets that Sekoia has, by plugin."),
  asset_cycles: counter("akonis_asset_cycles_total", "Cycles of an inventory, by plugin and outcome (done, failed)."),
  asset_cycle_seconds: gauge(
    "akonis_asset_cycle_seconds",
    "Time of the last cycle of an inventory that was done, by plugin.",
  ),
  asset_post_seconds: timing("akonis_asset_request_seconds", "Time of a request to the asset API that was accepted."),
  asset_post_retries: counter(
    "akonis_asset_retries_total",
    "Requests to the asset API that failed and were tried again, by reason.",
  ),
} as const
