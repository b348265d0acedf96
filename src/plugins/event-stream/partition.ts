/**
 * Keeps one partition read: acquires a feed, keeps its session alive, opens connection after connection, and goes back to
 * discovery when the session is over. Ends only when Falcon no longer lists the partition, and what was read of it is delivered; where that
 * takes long and Falcon lists the partition again meanwhile, it goes on.
 */
import { Clock, Effect, Metric } from "effect"
import { backoffMs } from "../../core/http/client/backoff.ts"
import { Health, type HealthCell } from "../../core/telemetry/health.ts"
import { annotateSpan, spanned } from "../../core/telemetry/tracing/spanned.ts"
import { waitAfter } from "../../core/wait-policy.ts"
import type { EventStreamConfig } from "./config.ts"
import { type Ended, readFeed } from "./connection.ts"
import type { Discovery } from "./discovery.ts"
import { type Feed, partitionLabel } from "./feed.ts"
import { session, stream } from "./limits.ts"
import { metrics } from "./metrics.ts"
import { describePartition, type Watching } from "./partition-health.ts"
import { type Delivering, type Pipeline, plugin_id, startPipeline } from "./pipeline.ts"
import { keepAlive } from "./session.ts"

/** Reads and delivers one partition. Interrupting it drains. */
export const runPartition = (root_url: string, delivering: Delivering, discovery: Discovery) =>
  Effect.gen(function* () {
    const health = yield* Health
    const pipeline = yield* startPipeline(root_url, delivering)
    const part = `partition ${pipeline.label}`
    const cell = yield* health.cell(plugin_id, part)
    yield* pipeline.show(part)
    const now_ms = yield* Clock.currentTimeMillis
    const watch: Watching = { heard_ms: now_ms, session_began_ms: now_ms, short_sessions: 0, app_id: "" }
    cell.describe((at_ms) => describePartition(pipeline, watch, at_ms))
    yield* Effect.gen(function* () {
      for (let failures = 0; ; ) {
        const feed = yield* discovery.acquire(root_url)
        if (feed === undefined) {
          yield* Effect.logWarning("Falcon no longer lists this partition; its offset is kept in case it comes back")
          const is_back = yield* Effect.raceFirst(
            Effect.as(pipeline.delivered, false),
            Effect.as(discovery.listedAgain(root_url), true),
          )
          if (is_back) continue
          break
        }
        const before = yield* mark(pipeline)
        watch.session_began_ms = before.at_ms
        watch.app_id = feed.app_id
        const end = yield* readSession(feed, delivering.config, pipeline, cell, watch, discovery.moved(feed)).pipe(
          Effect.ensuring(discovery.release(feed)),
          spanned("stream.session", () => ({ is_root: true, attributes: sessionAttributes(pipeline, feed) })),
        )
        const after = yield* mark(pipeline)
        const is_short = end.by_falcon && after.at_ms - before.at_ms < session.short_ms_max
        watch.short_sessions = is_short ? watch.short_sessions + 1 : 0
        failures = end.moved || isSettled(before, after) ? 0 : failures + 1
        // Sessions that end as soon as they begin must not make us list as fast as Falcon answers.
        if (failures > 0) yield* Effect.sleep(yield* backoffMs(failures))
      }
      yield* pipeline.finish
    }).pipe(Effect.raceFirst(pipeline.broken), Effect.ensuring(pipeline.drain))
  }).pipe(Effect.annotateLogs({ partition: partitionLabel(root_url) }), Effect.scoped)

const sessionAttributes = ({ label, readOffset }: Pipeline, { app_id }: Feed) => ({
  "akonis.partition": label,
  "akonis.app_id": app_id,
  "akonis.offset": readOffset(),
})

interface Mark {
  readonly at_ms: number
  readonly offset: number
}

const mark = (pipeline: Pipeline): Effect.Effect<Mark> =>
  Effect.map(Clock.currentTimeMillis, (at_ms) => ({ at_ms, offset: pipeline.readOffset() }))

/** What lived for a while, or brought something, ends the growth of the backoff. */
const isSettled = (begin: Mark, end: Mark): boolean =>
  end.at_ms - begin.at_ms >= stream.settled_ms || end.offset > begin.offset

/** Connection after connection until the session is over. */
const readSession = Effect.fnUntraced(function* (
  feed: Feed,
  config: EventStreamConfig,
  pipeline: Pipeline,
  cell: HealthCell,
  watch: Watching,
  moved: Effect.Effect<string>,
) {
  yield* Effect.logInfo(
    `reading from offset ${pipeline.readOffset() < 0 ? config.start : pipeline.readOffset()} as ${feed.app_id}`,
  )
  const reading = Effect.raceFirst(
    connect(feed, config, pipeline, cell, watch),
    Effect.map(keepAlive(feed), (detail): SessionEnd => ({ detail, by_falcon: true, moved: false })),
  )
  const moving = Effect.map(moved, (detail): SessionEnd => ({ detail, by_falcon: false, moved: true }))
  const end = yield* Effect.raceFirst(reading, moving)
  pipeline.connectionLost()
  yield* annotateSpan(() => ({ "akonis.ended_by_falcon": end.by_falcon, "akonis.moved": end.moved }))
  yield* Effect.logInfo(`session over: ${end.detail}${end.moved ? "" : "; listing the streams again"}`)
  return end
})

/** How a session ended: whether Falcon ended it, or this partition goes on under a newer app id. */
interface SessionEnd {
  readonly detail: string
  readonly by_falcon: boolean
  readonly moved: boolean
}

const connect = Effect.fnUntraced(function* (
  feed: Feed,
  config: EventStreamConfig,
  pipeline: Pipeline,
  cell: HealthCell,
  watch: Watching,
): Effect.fn.Return<SessionEnd, never, Effect.Services<ReturnType<typeof readFeed>>> {
  const label = { partition: pipeline.label }
  // After an answer that was no feed, an open connection alone says nothing yet.
  let distrusted = false
  let told = ""
  const opened = Effect.gen(function* () {
    pipeline.connectionBegun()
    if (!distrusted) yield* cell.set("ok", "")
    yield* Metric.update(Metric.withAttributes(metrics.stream_opens, label), 1)
  })
  const look = Effect.gen(function* () {
    distrusted = false
    yield* cell.set("ok", "")
    const { trouble } = describePartition(pipeline, watch, yield* Clock.currentTimeMillis)
    if (trouble !== "" && told === "") yield* Effect.logWarning(trouble)
    told = trouble
  })
  for (let failures = 0, useless = 0; ; ) {
    const before = yield* mark(pipeline)
    watch.heard_ms = before.at_ms
    const end = yield* readFeed(feed, config, pipeline, {
      opened,
      look,
      heard: (now_ms) => {
        watch.heard_ms = now_ms
      },
    })
    pipeline.connectionLost()
    yield* Metric.update(Metric.withAttributes(metrics.stream_ends, { ...label, reason: end.reason }), 1)
    if (end.reason === "session_over") return { detail: end.detail, by_falcon: true, moved: false }
    const after = yield* mark(pipeline)
    distrusted = end.reason === "no_feed" || (distrusted && after.offset <= before.offset)
    useless = end.reason === "no_feed" || end.reason === "taken" ? useless + 1 : 0
    failures = isSettled(before, after) ? 1 : failures + 1
    yield* pause(end, failures, cell)
    // The session may be what is wrong, whatever the answers say.
    if (useless >= session.useless_max) return { detail: end.detail, by_falcon: end.reason === "taken", moved: false }
  }
})

/** Says how the connection ended and waits as long as that calls for. */
const pause = ({ reason, detail, retry_after_ms }: Ended, failures: number, cell: HealthCell): Effect.Effect<void> => {
  const needs_person = reason === "forbidden" || reason === "rejected"
  return waitAfter({
    recovery: needs_person ? "operator" : "retry",
    failures,
    retry_after_ms,
    message: detail,
    next: "opening the feed again",
    level: reason === "end_of_body" ? "info" : "warning",
    health: cell,
    tell: () => {
      if (needs_person || reason === "no_feed") return ["failed", detail]
      const is_told = failures > 2 || reason === "idle" || reason === "taken"
      return is_told ? ["degraded", `${detail}; ${failures} failures in a row`] : undefined
    },
  })
}
