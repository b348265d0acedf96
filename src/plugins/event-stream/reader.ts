/**
 * Keeps one partition read: acquires a feed, keeps its session alive, opens connection after connection, and goes back to
 * discovery when the session is over. Ends only when Falcon no longer lists the partition.
 */
import { Clock, Effect, Metric } from "effect"
import { backoffMs, waitMs } from "../../core/http/backoff.ts"
import { retry, stream } from "../../core/limits.ts"
import { Health, type HealthCell } from "../../core/telemetry/health.ts"
import { metrics } from "../../core/telemetry/metrics.ts"
import type { EventStreamConfig } from "./config.ts"
import { type Ended, readFeed } from "./connection.ts"
import type { Discovery } from "./discovery.ts"
import { type Feed, partitionLabel } from "./feed.ts"
import { type Delivering, type Pipeline, plugin_id, startPipeline } from "./partition.ts"
import { keepAlive } from "./session.ts"

/** Reads and delivers one partition. Interrupting it drains. */
export const runPartition = (root_url: string, delivering: Delivering, discovery: Discovery) =>
  Effect.gen(function* () {
    const health = yield* Health
    const pipeline = yield* startPipeline(root_url, delivering)
    const cell = yield* health.cell(plugin_id, `partition ${pipeline.label}`)
    const watch = { heard_ms: yield* Clock.currentTimeMillis }
    cell.describe((now_ms) => describe(pipeline, watch.heard_ms, now_ms))
    yield* Effect.gen(function* () {
      for (let failures = 0; ; ) {
        const feed = yield* discovery.acquire(root_url)
        if (feed === undefined) break
        const before = yield* mark(pipeline)
        yield* readSession(feed, delivering.config, pipeline, cell, watch).pipe(
          Effect.ensuring(Effect.sync(() => discovery.release(feed))),
        )
        failures = isSettled(before, yield* mark(pipeline)) ? 0 : failures + 1
        // Sessions that end as soon as they begin must not make us list as fast as Falcon answers.
        if (failures > 0) yield* Effect.sleep(yield* backoffMs(failures))
      }
      yield* Effect.logWarning("Falcon no longer lists this partition; its offset is kept in case it comes back")
      yield* pipeline.finish
    }).pipe(Effect.ensuring(pipeline.drain))
  }).pipe(Effect.annotateLogs({ partition: partitionLabel(root_url) }), Effect.scoped)

interface Mark {
  readonly at_ms: number
  readonly offset: number
}

const mark = (pipeline: Pipeline): Effect.Effect<Mark> =>
  Effect.map(Clock.currentTimeMillis, (at_ms) => ({ at_ms, offset: pipeline.readOffset() }))

/** What lived for a while, or brought something, ends the growth of the backoff. */
const isSettled = (begin: Mark, end: Mark): boolean =>
  end.at_ms - begin.at_ms >= stream.settled_ms || end.offset > begin.offset

/** Quiet or stalled, and whether what comes is new. */
const describe = (pipeline: Pipeline, heard_ms: number, now_ms: number) => {
  const silent_s = Math.round((now_ms - heard_ms) / 1_000)
  const repeated = pipeline.repeatedInRow()
  if (repeated > stream.repeated_in_row_max) {
    const detail = `Falcon sent ${repeated} events in a row that are not above the offset ${pipeline.readOffset()}: nothing new, or the tenant's offsets began anew`
    return { status: "degraded" as const, detail }
  }
  const last_ms = pipeline.lastEventMs()
  const quiet = last_ms < 0 ? "no event so far" : `last event ${Math.round((now_ms - last_ms) / 1_000)} s ago`
  return {
    status: "ok" as const,
    detail: `reading, ${quiet}, last byte ${silent_s} s ago, offset ${pipeline.readOffset()}`,
  }
}

/** Connection after connection until the session is over. */
const readSession = Effect.fnUntraced(function* (
  feed: Feed,
  config: EventStreamConfig,
  pipeline: Pipeline,
  cell: HealthCell,
  watch: { heard_ms: number },
) {
  yield* Effect.logInfo(
    `reading from offset ${pipeline.readOffset() < 0 ? config.start : pipeline.readOffset()} as ${feed.app_id}`,
  )
  const over = yield* Effect.raceFirst(connect(feed, config, pipeline, cell, watch), keepAlive(feed))
  pipeline.connectionLost()
  yield* Effect.logInfo(`session over: ${over}; listing the streams again`)
})

const connect = Effect.fnUntraced(function* (
  feed: Feed,
  config: EventStreamConfig,
  pipeline: Pipeline,
  cell: HealthCell,
  watch: { heard_ms: number },
) {
  const label = { partition: pipeline.label }
  for (let failures = 0; ; ) {
    const before = yield* mark(pipeline)
    watch.heard_ms = before.at_ms
    const end = yield* readFeed(feed, config, {
      resume_offset: pipeline.readOffset,
      feed: pipeline.feed,
      isFull: pipeline.isFull,
      handOver: pipeline.handOver,
      opened: Effect.andThen(cell.set("ok", ""), Metric.update(Metric.withAttributes(metrics.stream_opens, label), 1)),
      heard: (now_ms) => {
        watch.heard_ms = now_ms
      },
    })
    pipeline.connectionLost()
    yield* Metric.update(Metric.withAttributes(metrics.stream_ends, { ...label, reason: end.reason }), 1)
    if (end.reason === "session_over") return end.detail
    failures = isSettled(before, yield* mark(pipeline)) ? 1 : failures + 1
    yield* pause(end, failures, cell)
  }
})

/** Says how the connection ended and waits as long as that calls for. */
const pause = Effect.fnUntraced(function* (end: Ended, failures: number, cell: HealthCell) {
  const needs_person = end.reason === "forbidden" || end.reason === "rejected"
  const wait_ms = yield* waitMs(failures, end.retry_after_ms, needs_person ? retry.backoff_ms_max : 0)
  if (needs_person) yield* cell.set("failed", end.detail)
  else if (failures > 2 || end.reason === "idle")
    yield* cell.set("degraded", `${end.detail}; ${failures} failures in a row`)
  const log = end.reason === "end_of_body" ? Effect.logInfo : Effect.logWarning
  yield* log(`${end.detail}; opening the feed again in ${Math.round(wait_ms / 100) / 10} s`)
  yield* Effect.sleep(wait_ms)
})
