/**
 * Keeps the session of one feed alive: `POST {refreshActiveSessionURL}` well before the session would end, whether or not
 * events flow. The refresh is a fiber of its own for that reason: a reader that refreshes between events loses quiet
 * streams after 30 minutes (ansible_collection_falcon issue 691).
 */
import { Clock, Effect, Metric } from "effect"
import { type Envelope, Falcon } from "../../core/falcon/client.ts"
import { FalconError } from "../../core/falcon/errors.ts"
import { forPurpose } from "../../core/http/client/purpose.ts"
import { monotonicMs } from "../../core/monotonic.ts"
import { annotateSpan, spanned } from "../../core/telemetry/tracing/spanned.ts"
import { announceWait } from "../../core/wait-policy.ts"
import type { Feed } from "./feed.ts"
import { scopes } from "./listing.ts"
import { metrics } from "./metrics.ts"

/** 1800 s -> 1500 s, as the Python module does: a sixth of the interval, at most 5 minutes, is left for retries. */
const refreshDelayMs = (interval_ms: number): number => interval_ms - Math.min(300_000, interval_ms / 6)

/** Refreshes for as long as Falcon agrees; ends, with the reason, when the session is over. */
export const keepAlive = Effect.fnUntraced(function* (feed: Feed) {
  const clock = yield* Clock.Clock
  let valid_until_ms = feed.listed_ms + feed.interval_ms
  let due_ms = feed.listed_ms + refreshDelayMs(feed.interval_ms)
  for (let failures = 0; ; ) {
    const now_ms = monotonicMs(clock)
    if (now_ms < due_ms) yield* Effect.sleep(due_ms - now_ms)
    const asked_ms = monotonicMs(clock)
    const error = yield* refresh(feed)
    if (error === undefined) {
      failures = 0
      valid_until_ms = asked_ms + feed.interval_ms
      due_ms = asked_ms + refreshDelayMs(feed.interval_ms)
      continue
    }
    if (error.status === 404) return "Falcon no longer knows the session"
    const failed_ms = monotonicMs(clock)
    if (failed_ms >= valid_until_ms) return `the session could not be refreshed in time: ${error.message}`
    const wait_ms = yield* announceWait({
      recovery: "retry",
      failures: ++failures,
      retry_after_ms: error.retry_after_ms,
      most_ms: valid_until_ms - failed_ms,
      message: `session refresh failed: ${error.message}`,
    })
    due_ms = failed_ms + wait_ms
  }
})

/** A refresh that names errors is none, whatever its status: Falcon also says in a 200 that a session is gone. */
const whyNotRefreshed = ({ status, trace_id, errors }: Envelope): Effect.Effect<undefined, FalconError> => {
  const error = errors[0]
  if (error === undefined) return Effect.succeed(undefined)
  const message = `streams.refresh: Falcon answered ${status}, but with an error: ${error.code} ${error.message}`
  // The code of the entry says what the status of the answer should have said.
  return Effect.fail(
    new FalconError({
      reason: "rejected",
      operation: "streams.refresh",
      status: error.code,
      trace_id,
      errors,
      scopes: [],
      message,
    }),
  )
}

const refresh = (feed: Feed) =>
  refreshOnce(feed).pipe(
    spanned("stream.refresh", () => ({ is_root: true, attributes: { "akonis.app_id": feed.app_id } })),
  )

const refreshOnce = Effect.fnUntraced(function* (feed: Feed) {
  const falcon = yield* Falcon
  const error = yield* falcon
    .request({
      name: "streams.refresh",
      method: "POST",
      path: "",
      url: feed.refresh_url,
      idempotent: true,
      scopes,
      retry: "none",
    })
    .pipe(
      forPurpose("session"),
      Effect.flatMap(whyNotRefreshed),
      Effect.catchTag("FalconError", (failed) => Effect.succeed(failed)),
    )
  const outcome = error?.reason ?? "ok"
  yield* Metric.update(Metric.withAttributes(metrics.session_refreshes, { outcome }), 1)
  yield* annotateSpan(() => ({ "akonis.outcome": outcome, ...(error !== undefined && { "error.type": outcome }) }))
  return error
})
