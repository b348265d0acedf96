/**
 * One connection to a feed: opens it at the offset read last, hands every chunk on, watches for silence, and says how it
 * ended. Works in chunks as the socket gives them; what happens per event happens in `BatchBuilder`.
 */
import { Clock, Effect, Redacted } from "effect"
import { transportError } from "../../core/http/client/fetch-error.ts"
import { Http } from "../../core/http/client/http.ts"
import { observeCall } from "../../core/http/client/observe-call.ts"
import { freePiece } from "../../core/http/client/pieces.ts"
import { retryAfterMs } from "../../core/http/client/retry-after.ts"
import { retry } from "../../core/limits.ts"
import { monotonicMs } from "../../core/monotonic.ts"
import type { EventStreamConfig } from "./config.ts"
import type { Feed } from "./feed.ts"
import { stream } from "./limits.ts"
import type { Pipeline } from "./pipeline.ts"

/**
 * How a connection ended. `session_over`: this session token is good for nothing more. `forbidden`, `rejected`: waiting is
 * all that helps. `no_feed`: what came in a 200 is something else. `taken`: somebody else reads the partition. The others: open it again.
 */
export interface Ended {
  readonly reason:
    | "end_of_body"
    | "idle"
    | "broken"
    | "unreachable"
    | "unavailable"
    | "rate_limited"
    | "no_feed"
    | "taken"
    | "session_over"
    | "forbidden"
    | "rejected"
  readonly detail: string
  readonly retry_after_ms: number | undefined
}

/** Who is told how a connection is doing while it is read. */
export interface ConnectionWatch {
  /** The feed has been opened, and nothing is read yet. */
  readonly opened: Effect.Effect<void>
  /** The connection has been open for a while; called again and again. */
  readonly look: Effect.Effect<void>
  /** Bytes have come at this time, keepalives included. */
  readonly heard: (now_ms: number) => void
}

const ended = (reason: Ended["reason"], detail: string, retry_after_ms?: number): Ended => ({
  reason,
  detail,
  retry_after_ms,
})

/** Reads into the pipeline until the connection ends; never fails. */
export const readFeed = (
  feed: Feed,
  config: EventStreamConfig,
  pipeline: Pipeline,
  watch: ConnectionWatch,
): Effect.Effect<Ended, never, Http> =>
  Effect.gen(function* () {
    const http = yield* Http
    const request = {
      method: "GET",
      url: feedUrl(feed, config, pipeline.readOffset()),
      // Falcon wants `Token` here, not `Bearer`.
      headers: { authorization: `Token ${Redacted.value(feed.token)}`, accept: "application/json" },
      timeout_ms: stream.open_ms_max,
    } as const
    const observed = observeCall({ upstream: "falcon", operation: "streams.open" }, request)
    const response = yield* http.open(request).pipe(observed)
    if (response.status !== 200 || response.body === null) return yield* refusal(response, feed.app_id)
    yield* watch.opened
    return yield* readBody(response.body.getReader(), pipeline, watch, new URL(feed.url).host)
  }).pipe(
    Effect.catchTag("TransportError", (error) =>
      Effect.succeed(ended(error.reason === "refused" ? "unreachable" : "broken", error.message)),
    ),
    Effect.scoped,
  )

/** The feed's URL with the place to start: an offset, the newest event, or nothing for the oldest that Falcon holds. */
const feedUrl = (feed: Feed, config: EventStreamConfig, resume_offset: number): string => {
  const query: string[] = []
  if (resume_offset >= 0) query.push(`offset=${resume_offset}`)
  else if (config.start === "newest") query.push("whence=2")
  if (config.event_types.length > 0) query.push(`eventType=${config.event_types.join(",")}`)
  if (query.length === 0) return feed.url
  return `${feed.url}${feed.url.includes("?") ? "&" : "?"}${query.join("&")}`
}

const refusal = Effect.fnUntraced(function* (response: Response, app_id: string) {
  const { status } = response
  const detail = `the feed answered ${status}`
  const after_ms = retryAfterMs(response.headers, yield* Clock.currentTimeMillis)
  if (status === 401 || status === 404) return ended("session_over", detail)
  if (status === 409) {
    const who = "an earlier connection of ours that Falcon has not let go of, or another worker with the same app id"
    return ended("taken", `${detail}: somebody reads this partition as ${app_id} already: ${who}`)
  }
  if (status === 429) return ended("rate_limited", detail, after_ms ?? retry.rate_limited_ms)
  if (status === 403) return ended("forbidden", `${detail}; the API client needs the scope Event streams: Read`)
  return status >= 500 ? ended("unavailable", detail, after_ms) : ended("rejected", detail)
})

const readBody = Effect.fnUntraced(function* (
  body: ReadableStreamDefaultReader<Uint8Array>,
  pipeline: Pipeline,
  watch: ConnectionWatch,
  host: string,
) {
  const clock = yield* Clock.Clock
  let reading_since_ms: number | undefined
  let chunk: Uint8Array | undefined
  let from = 0

  /** Reads until the open batch is full or the body ends; plain promises, since this runs per chunk. */
  const fill = async (interrupted: AbortSignal): Promise<"full" | "ended" | "foreign"> => {
    for (;;) {
      if (chunk !== undefined) {
        from = pipeline.feed(chunk, from)
        if (pipeline.isFull()) return "full"
        if (from < chunk.length) return "foreign"
        freePiece(chunk)
        chunk = undefined
      }
      reading_since_ms = monotonicMs(clock)
      const { done, value } = await body.read()
      reading_since_ms = undefined
      // What came after nobody wanted it any more is not taken, and so is asked for again.
      if (done || interrupted.aborted) return "ended"
      watch.heard(clock.currentTimeMillisUnsafe())
      chunk = value
      from = 0
    }
  }

  const pump = Effect.gen(function* () {
    for (;;) {
      const state = yield* Effect.tryPromise({
        try: fill,
        catch: (error) => ended("broken", transportError(error, host).message),
      })
      if (state !== "full") {
        while (state === "ended" && !pipeline.endOfBody()) yield* pipeline.handOver
        const foreign = pipeline.foreign(true)
        return foreign === undefined ? ended("end_of_body", "Falcon ended the feed") : ended("no_feed", foreign)
      }
      yield* pipeline.handOver
    }
  }).pipe(Effect.catch((failed) => Effect.succeed(failed)))

  // Only silence counts: while the intake is slow nobody reads, and that is not Falcon's fault.
  const watchdog = Effect.gen(function* () {
    for (;;) {
      yield* Effect.sleep(stream.read_idle_ms_max / 8)
      const silent_ms = reading_since_ms === undefined ? 0 : monotonicMs(clock) - reading_since_ms
      if (silent_ms >= stream.read_idle_ms_max) return ended("idle", `no byte for ${Math.round(silent_ms / 1_000)} s`)
      const foreign = pipeline.foreign(false)
      if (foreign !== undefined) return ended("no_feed", foreign)
      yield* watch.look
    }
  })

  return yield* Effect.raceFirst(pump, watchdog)
})
